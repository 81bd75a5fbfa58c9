// Package sdktest drives the mock platform with public SDKs, unmodified except for their
// transport or base address: a client that was not written here must not be able to tell
// the mock from the platform. Its test writes the table in docs/sdks.md (MOCKW-1).
package sdktest
