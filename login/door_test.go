package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

func TestNewNamesTheFieldThatIsMissing(t *testing.T) {
	hasher, err := identity.NewHasher(cheap)
	if err != nil {
		t.Fatal(err)
	}
	whole := login.Config{
		Issuer: "https://id.example.com", DB: new(storage.DB), Hasher: hasher, Outbox: mail.Outbox{Issuer: "https://id.example.com"},
		Now: time.Now, Callback: func(identity.RequestID) string { return "/" }, Origin: func(*http.Request) identity.Origin { return identity.Origin{} },
	}
	if _, err := login.New(whole); err != nil {
		t.Fatal(err)
	}
	for field, without := range map[string]func(*login.Config){
		"Issuer": func(c *login.Config) { c.Issuer = "id.example.com" }, "DB": func(c *login.Config) { c.DB = nil },
		"Hasher": func(c *login.Config) { c.Hasher = nil }, "Outbox.Issuer": func(c *login.Config) { c.Outbox = mail.Outbox{} },
		"Now": func(c *login.Config) { c.Now = nil }, "Callback": func(c *login.Config) { c.Callback = nil }, "Origin": func(c *login.Config) { c.Origin = nil },
	} {
		c := whole
		without(&c)
		if _, err := login.New(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("without %s: %v", field, err)
		}
	}
}
