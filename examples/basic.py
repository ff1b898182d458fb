# SPDX-License-Identifier: MIT
import sys
import vidstore

location = sys.argv[1] if len(sys.argv) > 1 else "library.vidstore"
with vidstore.open(location) as store, store.system("example") as session:
    job = session.job.submit(kind="full_pipeline", season="Season 1")
    print("job", job.id, "is", job.status)
