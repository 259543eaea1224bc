package steer

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
)

// A serviceAddress is the address of the service.
type serviceAddress struct {
	isSecure bool
	// hasScheme: the address has http:// or https://.
	hasScheme bool
	host      string // an IPv6 address has no brackets here
	port      string
}

var addressForm = regexp.MustCompile(`^(?:([Hh][Tt][Tt][Pp][Ss]?)://)?(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z_][0-9A-Za-z._-]*))(?::([1-9][0-9]{0,4}))?$`)

// parseAddress does not quote the text in its error; name is the source of the text.
func parseAddress(text, name string) (serviceAddress, *Error) {
	groups := addressForm.FindStringSubmatch(text)
	if groups == nil {
		return serviceAddress{}, addressInvalid(name)
	}
	scheme, literal, host, port := groups[1], groups[2], groups[3], groups[4]
	address := serviceAddress{isSecure: len(scheme) == len("https"), hasScheme: scheme != "", host: host, port: port}
	if literal != "" {
		if ip, err := netip.ParseAddr(literal); err != nil || !ip.Is6() {
			return serviceAddress{}, addressInvalid(name)
		}
		address.host = literal
	}
	if port == "" && address.hasScheme {
		address.port = "80"
		if address.isSecure {
			address.port = "443"
		}
	}
	if _, err := strconv.ParseUint(address.port, 10, 16); err != nil {
		return serviceAddress{}, addressInvalid(name)
	}
	return address, nil
}

func addressInvalid(name string) *Error {
	return &Error{
		Code: codes.InvalidArgument, Reason: "ADDRESS_INVALID",
		Message: name + ": an address is host:port, http://host:port or https://host:port, with nothing behind it",
	}
}

// String is host:port, with IPv6 in brackets.
func (a serviceAddress) String() string { return net.JoinHostPort(a.host, a.port) }

// isLoopback is true if data sent to this address stays on this machine.
func (a serviceAddress) isLoopback() bool {
	if ip, err := netip.ParseAddr(a.host); err == nil {
		return ip.IsLoopback()
	}
	return strings.ToLower(a.host) == "localhost"
}
