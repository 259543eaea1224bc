package steer

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
)

const defaultAddress = "127.0.0.1:50051"

// settings are the address and key of a client: from arguments, otherwise from the environment.
type settings struct {
	address serviceAddress
	key     string
}

func settingsOf(address, token string) (settings, *Error) {
	addressName, keyName := "address", "token"
	if address == "" {
		addressName, address = "STEER_ADDRESS", cmp.Or(os.Getenv("STEER_ADDRESS"), defaultAddress)
	}
	if token == "" {
		keyName, token = "STEER_API_KEY", os.Getenv("STEER_API_KEY")
	}
	parsed, err := parseAddress(address, addressName)
	if err == nil {
		err = checkKey(token, keyName)
	}
	return settings{parsed, token}, err
}

// checkKey does not quote the key in its error. Headers accept only visible ASCII, and the service
// reads a key up to its first space.
func checkKey(key, name string) *Error {
	for _, letter := range key {
		if letter <= ' ' || letter > '~' {
			message := name + ": a key is one line of ASCII without spaces"
			return &Error{Code: codes.InvalidArgument, Reason: "KEY_INVALID", Message: message}
		}
	}
	return nil
}

// A bearer sends the key with each call.
type bearer struct {
	settings
	warn sync.Once
}

func (b *bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	b.warn.Do(func() { b.warnOf(ctx) })
	return map[string]string{"authorization": "Bearer " + b.key}, nil
}

// warnOf warns that the key is sent in clear text. An address with http:// means that this is
// intended.
func (b *bearer) warnOf(ctx context.Context) {
	call, _ := credentials.RequestInfoFromContext(ctx)
	isSafe := credentials.CheckSecurityLevel(call.AuthInfo, credentials.PrivacyAndIntegrity) == nil
	if isSafe || b.address.hasScheme || b.address.isLoopback() {
		return
	}
	place := b.address.String()
	slog.Warn("steer: the key goes to " + place + " in the clear: write https://" + place +
		", or http://" + place + " if that is meant")
}

func (*bearer) RequireTransportSecurity() bool { return false }
