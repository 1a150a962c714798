"""A mosquitto with users and rights that change while it runs: each change ends all connections."""

import base64
import hashlib
import os

from tests.faults.part import SECRET

from luftpegel_tools.programs.broker import Broker


class Mosquitto(Broker):
    """`admit`, `forbid`, `allow`. All users have the same secret at first, and may do all."""

    def __init__(self, folder, users):
        super().__init__(folder, autosave_s=1, in_flight=1000)
        self.stop()
        self._secrets = dict.fromkeys(users, SECRET)
        self._readers = set()
        self._users, self._rights = folder / "users", folder / "rights"
        text = self._config.read_text().replace("allow_anonymous true", "allow_anonymous false")
        self._config.write_text(f"{text}password_file {self._users}\nacl_file {self._rights}\n")
        self._write()
        self.start()

    def restart(self):
        self.stop()
        self.start()

    def admit(self, user, secret):
        """From now on the user has this secret."""
        self._secrets[user] = secret
        self._changed()

    def forbid(self, user):
        """The user may write nothing."""
        self._readers = {user}
        self._changed()

    def allow(self):
        self._readers = set()
        self._changed()

    def _changed(self):
        self._write()
        self.restart()

    def _write(self):
        lines, rights = [], []
        for user, secret in self._secrets.items():
            salt = os.urandom(12)
            told = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, 101)
            lines.append(f"{user}:$7$101${_base64(salt)}${_base64(told)}\n")
            rights.append(f"user {user}\ntopic {'read' if user in self._readers else 'readwrite'} #\n")
        for file, text in ((self._users, "".join(lines)), (self._rights, "\n".join(rights))):
            file.write_text(text)
            file.chmod(0o600)


def _base64(data):
    return base64.b64encode(data).decode()
