module github.com/steer-gateway/steer/tools/pack/go

go 1.25.0

require golang.org/x/mod v0.37.0
