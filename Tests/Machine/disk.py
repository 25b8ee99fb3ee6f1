"""A disk that holds back what it was not told to flush, and loses a part of it with the power; for nbdkit's Python plugin.

Parameters: file=IMAGE, cut=FILE, lost=FILE. Once `cut` is there with a number in it, the power goes with the write of that
number, counted from then on: the disk says in `lost` how many of the sectors that nobody had flushed are on it and how many
are not, as a line of JSON, and answers nothing more.
"""

import json
import os
import pathlib
import random
import time

import nbdkit

API_VERSION = 2
# Writes of a sector are whole or not there.
SECTOR = 512
parameters = {}


def config(key, value):
    parameters[key] = value


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


class Disk:
    def __init__(self):
        self.file = os.open(parameters["file"], os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self.held = {}
        self.chance = random.Random()
        self.left = None

    def write(self, number, sector):
        os.pwrite(self.file, sector, number * SECTOR)

    def count(self):
        """One write more; the power may go with it."""
        if self.left is None:
            try:
                self.left = int(pathlib.Path(parameters["cut"]).read_text())
            except (OSError, ValueError):
                return
        self.left -= 1
        if self.left > 0:
            return
        here = [number for number in self.held if self.chance.random() < 0.5]
        for number in here:
            self.write(number, self.held[number])
        pathlib.Path(parameters["lost"]).write_text(json.dumps({"there": len(here), "lost": len(self.held) - len(here)}))
        while True:
            time.sleep(60)


def open(readonly):
    return Disk()


def get_size(disk):
    return disk.size


def block_size(disk):
    return (SECTOR, 4096, 1 << 20)


def can_flush(disk):
    return True


def pread(disk, buffer, offset, flags):
    os.preadv(disk.file, [buffer], offset)
    first = offset // SECTOR
    for place in range(len(buffer) // SECTOR):
        held = disk.held.get(first + place)
        if held is not None:
            buffer[place * SECTOR:(place + 1) * SECTOR] = held


def pwrite(disk, buffer, offset, flags):
    written, first = memoryview(buffer), offset // SECTOR
    for place in range(len(written) // SECTOR):
        before = disk.held.get(first + place)
        # A disk writes what it holds in any order and at any time.
        if before is not None and disk.chance.random() < 0.5:
            disk.write(first + place, before)
        disk.held[first + place] = bytes(written[place * SECTOR:(place + 1) * SECTOR])
    disk.count()


def flush(disk, flags):
    for number, held in disk.held.items():
        disk.write(number, held)
    disk.held.clear()


def close(disk):
    flush(disk, 0)
    os.close(disk.file)
