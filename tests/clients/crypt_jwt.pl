#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# libcrypt-jwt-perl verifies a token of authd through the JWKS. Reads ISSUER, TOKEN, TENANT_ID.
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt);
use HTTP::Tiny;
use JSON::PP qw(decode_json);

my $reply = HTTP::Tiny->new->get("$ENV{ISSUER}/.well-known/jwks.json");
die "JWKS: $reply->{status}" unless $reply->{success};
my $claims = decode_jwt(
    token => $ENV{TOKEN}, kid_keys => decode_json($reply->{content}), accepted_alg => 'EdDSA',
    verify_iss => $ENV{ISSUER}, verify_aud => $ENV{TENANT_ID}, verify_exp => 1, verify_iat => 1
);
die 'tenant' unless $claims->{tenant} eq $ENV{TENANT_ID};
print "Crypt::JWT verified $claims->{sub}\n";
