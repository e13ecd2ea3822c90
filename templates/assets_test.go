package templates

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func get(t *testing.T, method, path string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	Assets().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func TestPagesLinkOnlyToAssetsThatAreServedForEver(t *testing.T) {
	eachPage(t, hostileSamples()[:1], func(t *testing.T, _ string, tree *html.Node) {
		hashed := regexp.MustCompile(`^/assets/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)$`)
		for _, n := range elements(tree, "link", "script") {
			path, _ := attribute(n, "href")
			if src, ok := attribute(n, "src"); ok {
				path = src
			}
			if !hashed.MatchString(path) {
				t.Errorf("%q is not a hashed asset", path)
			}
			r := get(t, http.MethodGet, path)
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != 200 || len(body) == 0 || r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
				r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Content-Type") == "" {
				t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
			}
		}
	})
}

func TestAnAssetsNameChangesWithItsContent(t *testing.T) {
	for name, a := range assets {
		r := get(t, http.MethodGet, a.path)
		if body, _ := io.ReadAll(r.Body); !bytes.Equal(body, a.content) {
			t.Errorf("%s is served differently", name)
		}
	}
	if hashedPath("a.css", []byte("x")) == hashedPath("a.css", []byte("y")) {
		t.Error("two contents share a name")
	}
}

func TestEverythingElseBelowAssetsIsNotFoundAndNotCached(t *testing.T) {
	for _, path := range []string{"/assets/", "/assets/style.css", "/assets/style.000000000000.css", "/assets/../catalogue.go", "/assets/%2e%2e/x"} {
		r := get(t, http.MethodGet, path)
		if r.StatusCode != 404 || r.Header.Get("Cache-Control") != "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
	if r := get(t, http.MethodPost, assets["style.css"].path); r.StatusCode != 405 {
		t.Errorf("POST answers %d", r.StatusCode)
	}
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(colour string) float64 {
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, _ := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestColoursHaveEnoughContrastInLightAndDark(t *testing.T) {
	css := string(assets["style.css"].content)
	light, dark, found := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark scheme")
	}
	for scheme, source := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(source, -1) {
			colours[m[1]] = m[2]
		}
		for _, row := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "ground", 7}, {"ink", "card", 7}, {"soft", "ground", 4.5}, {"soft", "card", 4.5}, {"accent", "card", 4.5},
			{"accent", "ground", 4.5}, {"on-accent", "accent", 4.5}, {"on-accent", "accent-deep", 4.5}, {"accent-deep", "tint", 4.5},
			{"ink", "tint", 4.5}, {"soft", "tint", 4.5}, {"alert", "alert-tint", 4.5}, {"edge", "card", 3}, {"alert", "card", 3},
		} {
			a, b := luminance(colours[row.front]), luminance(colours[row.back])
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < row.least {
				t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", scheme, row.front, row.back, got, row.least)
			}
		}
	}
}
