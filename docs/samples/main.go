package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	client := oauth2.Config{
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"), Endpoint: provider.Endpoint(),
		RedirectURL: "http://" + os.Getenv("LISTEN") + "/callback", Scopes: []string{oidc.ScopeOpenID, "email"},
	}
	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { // also the switch: /login?account=globex
		state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		http.SetCookie(w, &http.Cookie{Name: "flow", Value: state + nonce + verifier, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 600})
		http.Redirect(w, r, client.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier),
			oauth2.SetAuthURLParam("account", r.FormValue("account"))), http.StatusSeeOther)
	})
	http.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		flow, err := r.Cookie("flow")
		if err != nil || len(flow.Value) < 60 || r.FormValue("state") != flow.Value[:26] {
			http.Error(w, "please log in again", http.StatusBadRequest)
			return
		}
		token, err := client.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(flow.Value[52:]))
		if err != nil { // also when the person or the provider refused: r.FormValue("error") says why
			http.Error(w, "not logged in: "+r.FormValue("error"), http.StatusUnauthorized)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: client.ClientID}).Verify(r.Context(), raw)
		var said struct {
			Account string   `json:"account_name"`
			AMR     []string `json:"amr"`
		}
		if err != nil || id.Nonce != flow.Value[26:52] || id.Claims(&said) != nil {
			http.Error(w, "please log in again", http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, id.Subject, "of", said.Account, "proved", said.AMR) // here your own session begins
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}
