module historical/go

go 1.19
