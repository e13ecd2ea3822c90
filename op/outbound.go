package op

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// notPublic are networks nobody outside can be reached in, beyond those [netip.Addr] knows: shared and
// reserved ranges, and those that carry an IPv4 address inside, which would lead around the check.
var notPublic = parsePrefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func parsePrefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// errNotPublic says that a client's address is in a network the installation does not allow.
var errNotPublic = errors.New("not a public address")

// reachable reports whether a request of ours may go to an address: a public one, or one in a network the
// operator has named.
func reachable(ip netip.Addr, allowed []netip.Prefix) bool {
	ip = ip.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(ip) }
	if slices.ContainsFunc(allowed, in) {
		return true
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(notPublic, in)
}

// newOutbound returns a client for URLs that somebody else has registered. The address is judged when it is
// dialed, after the name was resolved, so that a name which changes its mind leads nowhere (DNS
// rebinding). No redirect is followed, no proxy asked and no connection kept.
func newOutbound(allowed []netip.Prefix, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !reachable(to.Addr(), allowed) {
			return fmt.Errorf("%w: %s", errNotPublic, address)
		}
		return nil
	}}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout, DisableKeepAlives: true,
			MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
	}
}
