package demo_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
)

func TestThePhoneShowsTheCodesOfKeysAndKeepsNone(t *testing.T) {
	read := func(key string, _ time.Time) (string, error) {
		if key == "GOOD" {
			return "123456", nil
		}
		return "", errors.New("no key")
	}
	phone := httptest.NewServer(demo.NewPhone(read, []demo.Person{{Email: "ada@example.com", Key: "GOOD"}, {Email: "ben@example.com"}}, slog.New(slog.DiscardHandler)))
	defer phone.Close()
	body := func(response *http.Response, err error) string {
		t.Helper()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		defer response.Body.Close()
		b, _ := io.ReadAll(response.Body)
		return string(b)
	}
	page := body(http.Get(phone.URL))
	if !strings.Contains(page, "ada@example.com") || strings.Contains(page, "ben@example.com") || strings.Count(page, "123456") != 1 {
		t.Errorf("the list: %s", page)
	}
	if page = body(http.PostForm(phone.URL, url.Values{"key": {"GOOD"}})); strings.Count(page, "123456") != 2 || strings.Contains(page, "GOOD") {
		t.Errorf("a typed key: %s", page)
	}
	if page = body(http.PostForm(phone.URL, url.Values{"key": {"<script>"}})); !strings.Contains(page, `role="alert"`) || strings.Contains(page, "<script>") {
		t.Errorf("no key: %s", page)
	}
}
