db.getSiblingDB('unifi');
