package steer

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

type settingsVector struct {
	Name        string
	Given       struct{ Address, Key string }
	Environment map[string]string
	Address     string
	Key         string
	Reason      string
	Names       string
}

// connectionVectors are those of tests/fixtures/connection-vectors.json.
type connectionVectors struct {
	Addresses []struct {
		Text       string
		Host       string
		Port       json.Number
		IsSecure   bool `json:"is_secure"`
		IsLoopback bool `json:"is_loopback"`
	}
	RefusedAddresses []string `json:"refused_addresses"`
	Keys             []string
	RefusedKeys      []string `json:"refused_keys"`
	Settings         []settingsVector
	RefusedSettings  []settingsVector `json:"refused_settings"`
}

func readConnectionVectors(t *testing.T) (vectors connectionVectors) {
	text, err := os.ReadFile("../../tests/fixtures/connection-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

func TestTheAddressesThatAreTaken(t *testing.T) {
	for _, vector := range readConnectionVectors(t).Addresses {
		address, err := parseAddress(vector.Text, "address")
		if err != nil {
			t.Errorf("%q: %v", vector.Text, err)
			continue
		}
		equal(t, "host of "+vector.Text, address.host, vector.Host)
		equal(t, "port of "+vector.Text, address.port, vector.Port.String())
		equal(t, "isSecure of "+vector.Text, address.isSecure, vector.IsSecure)
		equal(t, "isLoopback of "+vector.Text, address.isLoopback(), vector.IsLoopback)
	}
	address, _ := parseAddress("https://[2001:db8::7]", "address")
	equal(t, "an address of IPv6 as gRPC reads it", address.String(), "[2001:db8::7]:443")
}

func TestTheAddressesThatAreRefusedAndNotQuoted(t *testing.T) {
	for _, text := range readConnectionVectors(t).RefusedAddresses {
		_, err := Dial(text, "")
		failure, isTyped := err.(*Error)
		if !isTyped {
			t.Errorf("%q: %v", text, err)
			continue
		}
		equal(t, text, *failure, Error{
			Code: codes.InvalidArgument, Reason: "ADDRESS_INVALID",
			Message: "address: an address is host:port, http://host:port or https://host:port, with nothing behind it",
		})
	}
}

func TestTheKeysThatAreTakenAndThoseThatAreRefused(t *testing.T) {
	vectors := readConnectionVectors(t)
	for _, key := range vectors.Keys {
		if _, err := Dial("", key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, key := range vectors.RefusedKeys {
		_, err := Dial("", key)
		failure, isTyped := err.(*Error)
		if !isTyped {
			t.Errorf("%q: %v", key, err)
			continue
		}
		equal(t, key, *failure, Error{
			Code: codes.InvalidArgument, Reason: "KEY_INVALID",
			Message: "token: a key is one line of ASCII without spaces",
		})
	}
}

func setEnvironment(t *testing.T, variables map[string]string) {
	for _, name := range []string{"STEER_ADDRESS", "STEER_API_KEY"} {
		t.Setenv(name, variables[name])
		if _, isSet := variables[name]; !isSet {
			os.Unsetenv(name)
		}
	}
}

func TestWhatIsGivenWinsAndTheEnvironmentIsNext(t *testing.T) {
	for _, vector := range readConnectionVectors(t).Settings {
		setEnvironment(t, vector.Environment)
		found, err := settingsOf(vector.Given.Address, vector.Given.Key)
		if err != nil {
			t.Errorf("%s: %v", vector.Name, err)
		}
		address, _ := parseAddress(vector.Address, "")
		equal(t, vector.Name, found, settings{address, vector.Key})
	}
}

func TestTheSourceOfAMistakeIsNamed(t *testing.T) {
	for _, vector := range readConnectionVectors(t).RefusedSettings {
		setEnvironment(t, vector.Environment)
		_, err := settingsOf(vector.Given.Address, vector.Given.Key)
		if err == nil {
			t.Fatalf("%+v is taken", vector)
		}
		equal(t, "reason", err.Reason, vector.Reason)
		equal(t, "is named", strings.HasPrefix(err.Message, vector.Names+": "), true)
		equal(t, "is quoted", strings.Contains(err.Error(), "secret"), false)
	}
}

// keysSentTo makes a call to the address, which a service in memory answers, and returns the log.
func keysSentTo(t *testing.T, address string, service *refusingService) string {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	steerv1.RegisterGenerationServiceServer(server, service)
	go server.Serve(listener)
	defer server.Stop()
	channel, err := Dial(address, "", grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return listener.DialContext(ctx)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	log := new(bytes.Buffer)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	defer slog.SetDefault(before)
	for range 2 {
		if _, err := NewClient(channel).Generate(t.Context(), &steerv1.GenerateRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	return log.String()
}

func TestAKeyInTheClearIsWarnedOfOnceUnlessTheAddressSaysThatItIsMeant(t *testing.T) {
	setEnvironment(t, map[string]string{"STEER_API_KEY": "secret-key"})
	service := new(refusingService)
	log := keysSentTo(t, "10.0.0.1:1", service)
	equal(t, "keys", service.keys, []string{"Bearer secret-key", "Bearer secret-key"})
	equal(t, "warnings", strings.Count(log, "the key goes to 10.0.0.1:1 in the clear: write https://10.0.0.1:1"), 1)
	equal(t, "the key is logged", strings.Contains(log, "secret"), false)
	for _, address := range []string{"http://10.0.0.1:1", "127.0.0.1:1"} {
		equal(t, "log of "+address, keysSentTo(t, address, new(refusingService)), "")
	}
}

func TestTheCallersEndOfACallThatRunsIsCancelled(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	service := &refusingService{reply: func(call context.Context) error {
		stop()
		<-call.Done()
		return call.Err()
	}}
	address := new(address)
	address.start(t, service)
	_, err := address.client(t).Generate(ctx, &steerv1.GenerateRequest{})
	equal(t, "code", status.Code(err), codes.Canceled)
	equal(t, "cause", err.(*Error).Unwrap(), context.Canceled)
	equal(t, "calls", len(service.calledAt), 1)
}
