# What application packages share: one payload holds several commands, each with a field of known length.


def split(payload, lengths):
    # (command, field) of each; ends before a command that is not in `lengths`, or cut.
    commands = []
    at = 0
    while at < len(payload):
        command = payload[at]
        end = at + 1 + lengths.get(command, len(payload))
        if end > len(payload):
            break
        commands.append((command, payload[at + 1 : end]))
        at = end
    return commands
