package conformance

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

var scopeShape = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`) // RFC 6749 §3.3

// config is the Config OP plan.
var config = []module{{"discovery-endpoint-verification", func(s *suite) error {
	if s.document["issuer"] != s.issuer {
		return fmt.Errorf("issuer is %v", s.document["issuer"])
	}
	var wrong []error
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} {
		u, err := url.Parse(s.endpoint(name))
		if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && strings.HasPrefix(s.issuer, "http://")) {
			wrong = append(wrong, fmt.Errorf("%s is %q", name, s.endpoint(name)))
		}
	}
	for name, value := range map[string]string{
		"response_types_supported": "code", "id_token_signing_alg_values_supported": "RS256", "scopes_supported": "openid", "claims_supported": "sub",
	} {
		if !s.lists(name, value) {
			wrong = append(wrong, fmt.Errorf("%s does not list %s", name, value))
		}
	}
	for _, name := range []string{"subject_types_supported", "grant_types_supported", "code_challenge_methods_supported"} {
		if list, ok := s.document[name].([]any); s.document[name] != nil && (!ok || len(list) == 0) {
			wrong = append(wrong, fmt.Errorf("%s is %v", name, s.document[name]))
		}
	}
	scopes, _ := s.document["scopes_supported"].([]any)
	for _, scope := range scopes {
		if text, ok := scope.(string); !ok || !scopeShape.MatchString(text) {
			wrong = append(wrong, fmt.Errorf("scope %v", scope))
		}
	}
	var keys jose.JSONWebKeySet
	if err := s.getJSON(s.endpoint("jwks_uri"), &keys); err != nil || len(keys.Keys) == 0 {
		wrong = append(wrong, fmt.Errorf("%d keys: %v", len(keys.Keys), err))
	}
	return errors.Join(wrong...)
}}}
