# SPDX-License-Identifier: MIT
"""libvidstore for Python: users, jobs, videos, files and their audit in one directory on disk.

    import vidstore
    with vidstore.open("library.vidstore") as store, store.system("importer") as session:
        job = session.job.submit(kind="full_pipeline", season="Season 1")

Every call of the C library is here under its own name: vidstore_job_submit(session, …) is session.job.submit(…).
The functions are made from the API description that is installed with the library.
"""
from ._errors import VidstoreError, classes as _classes
from ._aio import AsyncCalls, AsyncPage, Queue, Result
from ._handles import Lease, Reader, Session, Store, Upload, Watch, function as _function, functions as _functions
from ._library import lib
from ._values import Handle, Page, Query, Record, records as _records, time_of

globals().update({cls.__name__: cls for cls in _classes.values()})
globals().update({cls.__name__: cls for cls in _records.values()})
#: The constants of the C headers without their VIDSTORE_: vidstore.SIGNAL_CANCEL.
globals().update({name[len("VIDSTORE_") :]: number for name, number in lib.constants.items()})
globals().update({name: _function(name) for name in _functions})

__version__: str = _function("version")()
__all__ = [
    "AsyncCalls", "AsyncPage", "Handle", "Lease", "Page", "Query", "Queue", "Reader", "Record", "Result",
    "Session", "Store", "Upload", "VidstoreError",
    "Watch", "lib", "time_of", *(cls.__name__ for cls in _records.values()),
]
