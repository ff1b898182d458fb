module vidstore

go 1.19
