# SPDX-License-Identifier: MIT
"""What the tests of the binding share: a store of its own a case, and which functions of the API were called."""
import array
import os
import shutil
import tempfile
import unittest
import wave

import vidstore

called = set()
untraced_call = vidstore.lib.call


def traced_call(name, *args):
    called.add(name)
    return untraced_call(name, *args)


vidstore.lib.call = traced_call
PASSWORD = "correct horse battery"


def tone(path):
    """A second of sound that a probe understands."""
    with wave.open(path, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(array.array("h", [n % 997 for n in range(16000)]).tobytes())
    return path


class Case(unittest.TestCase):
    """A store of its own a case, and a session of the system."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="vidstore-python-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.location = os.path.join(self.directory, "store")
        self.store = vidstore.open(self.location)
        self.addCleanup(self.store.close)
        self.system = self.store.system("test")
        self.addCleanup(self.system.close)

    def path(self, name, data=None):
        path = os.path.join(self.directory, name)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
        return path

    def user(self, name, **fields):
        return self.system.user.create(username=name, **fields)

    def file(self, name="a.bin", data=b"abc", session=None, **fields):
        with (session or self.system).upload.open(name=name, **fields) as upload:
            upload.write(data)
            return upload.finish()

    def fails(self, code, function, *args, **kwargs):
        """Calls what has to fail with a code, and returns the exception."""
        with self.assertRaises(vidstore.VidstoreError) as caught:
            function(*args, **kwargs)
        self.assertEqual(code, caught.exception.code)
        return caught.exception
