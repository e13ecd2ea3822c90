package op

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzClaims looks for a claims parameter that is read and should not be, or that breaks who reads it.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"id_token":{"acr":{"essential":true,"values":["phr"]},"sub":{"value":"x"},"email":null}}`, `{"id_token":null,"userinfo":{"x":{}}}`,
		`{"id_token":{"acr":{"values":[null,1,{},[]]}}}`, `{"id_token":{"acr":[]}}`, `{"id_token":"x"}`, strings.Repeat(`{"a":`, 20), `{"id_token":{"sub":{"value":"\ud800"}}}`, `{"a":1}{"b":2}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		asked, ok := parseClaims(text)
		if !ok {
			return
		}
		if len(text) > maxClaims || nesting(text) > maxNesting {
			t.Errorf("%d bytes, %d levels were read", len(text), nesting(text))
		}
		for _, claim := range asked.inID {
			claim.texts()
		}
		a := &authorization{form: url.Values{"claims": {text}}}
		_ = checkClaims(nil, t.Context(), a)
		if len(a.request.ClaimsInID)+len(a.request.ClaimsInInfo) > 2*len(claimsByName) {
			t.Errorf("claims are asked for twice: %+v", a.request)
		}
	})
}

// FuzzReadProofTakesOnlyWhatItsOwnKeyHasSigned looks for a DPoP proof that is read and should not be, or that breaks who reads it.
func FuzzReadProofTakesOnlyWhatItsOwnKeyHasSigned(f *testing.F) {
	for _, seed := range []string{
		"", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkhTMjU2IiwiandrIjp7Imt0eSI6Im9jdCIsImsiOiJhIn19.e30.AAAA",
		"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.e30.AAAA", strings.Repeat("a", 20000), `{"payload":"e30","signatures":[]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, _, ok := readProof([]string{text}); ok && (key == nil || !key.IsPublic()) {
			t.Errorf("%q was taken", text)
		}
	})
}
