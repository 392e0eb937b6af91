"""Files for spreadsheets: CSV and XLSX of any rows, and the record of who took them."""
