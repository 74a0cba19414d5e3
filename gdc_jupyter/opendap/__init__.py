"""OPeNDAP: addresses (`ous`), the data behind them (`dap`), and reading them from any server (`remote`)."""
