package storage_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// empty are the URLs of fresh databases without a schema.
var empty = map[string]func(*testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "empty.db") },
	"postgres": func(t *testing.T) string { return postgres.Shared(t).Database(t) },
}

func TestADatabaseWithoutASchemaSaysWhatToDo(t *testing.T) {
	for engine, fresh := range empty {
		t.Run(engine, func(t *testing.T) {
			err := open(t, fresh(t)).Ready(t.Context())
			if !errors.Is(err, storage.ErrSchema) || !strings.Contains(err.Error(), "vestibule migrate") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReplicasMayMigrateAtTheSameMoment(t *testing.T) {
	for engine, fresh := range empty {
		t.Run(engine, func(t *testing.T) {
			url := fresh(t)
			var running sync.WaitGroup
			for range 4 {
				db := open(t, url)
				running.Go(func() {
					if err := db.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
		})
	}
}

func TestASchemaOneStepAheadIsServedAndOneFurtherIsNot(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, further := range []error{nil, storage.ErrSchema} {
			tell(t, db.Writer(), "INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, "+
				"(SELECT is_applied FROM goose_db_version LIMIT 1) FROM goose_db_version")
			if err := db.Ready(t.Context()); !errors.Is(err, further) {
				t.Errorf("got %v, want %v", err, further)
			}
		}
	})
}

// TestADatabaseOfTheFirstVersionIsMigratedWithEverythingInIt and what came later has the meaning it had before there was a choice.
func TestADatabaseOfTheFirstVersionIsMigratedWithEverythingInIt(t *testing.T) {
	for engine, fresh := range empty {
		t.Run(engine, func(t *testing.T) {
			db, ctx := open(t, fresh(t)), t.Context()
			if err := db.MigrateTo(ctx, 1); err != nil {
				t.Fatal(err)
			}
			at := map[string]string{"sqlite": "1767225600000000", "postgres": "'2026-01-01'"}[engine]
			for _, row := range firstVersion {
				tell(t, db.Writer(), regexp.MustCompile(`\bAT\b`).ReplaceAllString(row, at))
			}
			if err := db.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			acme, err := db.Account(ctx, "acme")
			if err != nil || acme.TwoFactor != "all" || acme.Passkeys != identity.PasskeysAllowed {
				t.Errorf("the account is %+v, %v", acme, err)
			}
			ada, err := db.UserByEmail(ctx, "ada@example.com")
			if err != nil || ada.PasswordHash != "hash" || ada.Name != "Ada" {
				t.Errorf("the person is %+v, %v", ada, err)
			}
			link, err := db.NewestEnrollment(ctx, "ada")
			if err != nil || link.AccountID != "acme" || !link.ShownAt.IsZero() || !link.RevealedAt.IsZero() || link.Own || link.ExpiresAt.Year() != 2026 {
				t.Errorf("the link is %+v, %v", link, err)
			}
			grant, err := db.Grant(ctx, "grant")
			if err != nil || grant.ACR != "" || grant.Epoch != 3 {
				t.Errorf("the grant is %+v, %v", grant, err)
			}
		})
	}
}

// firstVersion is a person who was mailed a link and is logged in to a product, as the first step kept them.
var firstVersion = []string{
	`INSERT INTO users (id, email, email_verified, name, given_name, family_name, locale, password_hash, second_factor, epoch, created_at, updated_at)
		VALUES ('ada', 'ada@example.com', TRUE, 'Ada', '', '', '', 'hash', FALSE, 3, AT, AT)`,
	`INSERT INTO accounts (id, slug, name, two_factor, switching, reset_policy, created_at, updated_at)
		VALUES ('acme', 'acme', 'Acme', 'all', 'relogin', 'prove', AT, AT)`,
	`INSERT INTO enrollments (id, user_id, account_id, token_hash, authenticator_id, browser_hash, created_at, expires_at)
		VALUES ('link', 'ada', 'acme', 'x', '', '', AT, AT)`,
	`INSERT INTO clients (id, name, secrets, auth_method, jwks, redirect_uris, post_logout_uris, backchannel_uri, initiate_login_uri, grants, pkce_optional,
		access_token, id_token_alg, claims_in_id_token, created_at, updated_at)
		VALUES ('cms', 'CMS', '[]', 'none', '', '[]', '[]', '', '', '[]', FALSE, 'opaque', 'RS256', FALSE, AT, AT)`,
	`INSERT INTO grants (id, client_id, user_id, account_id, session_id, entry_id, scopes, nonce, claims_in_id, proofs, epoch, auth_time, created_at, expires_at)
		VALUES ('grant', 'cms', 'ada', 'acme', '', '', '[]', '', '[]', '[]', 3, AT, AT, AT)`,
}
