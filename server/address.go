package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress returns the address a request came from: the peer, or what trusted proxies say of
// it. The list is read from its end, over the proxies we trust; an entry that is no address ends
// the reading, and the last address that was certain counts. An IPv6 client counts by its /64, which
// is what one subscriber holds.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // a Unix socket
	}
	address := peer.Addr().Unmap()
	var hops []string
	if trusts(trusted, address) {
		hops = strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	}
	for i := len(hops) - 1; i >= 0 && trusts(trusted, address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	if address.Is6() {
		subnet, _ := address.Prefix(64)
		return subnet.String()
	}
	return address.String()
}

func trusts(trusted []netip.Prefix, address netip.Addr) bool {
	for _, p := range trusted {
		if p.Contains(address) {
			return true
		}
	}
	return false
}
