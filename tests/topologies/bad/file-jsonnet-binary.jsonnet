{ name: 'ÿ' }
