# Starts the station. Whatever goes wrong ends in a crash record and in sleep, never in a dead prompt.
from station import guard

guard.start()
