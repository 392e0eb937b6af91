"""The provider's services other than Click2Call: Call Log, active calls, extensions, blacklist."""
