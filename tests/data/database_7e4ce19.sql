-- A SQLite database that commit 7e4ce19 created and filled, as text. Its newest migration is 0003.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE claims (
	id BIGINT NOT NULL, 
	person_id BIGINT NOT NULL, 
	guild_id BIGINT NOT NULL, 
	message_id BIGINT NOT NULL, 
	task_id TEXT NOT NULL, 
	button TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	child_id TEXT NOT NULL, owner TEXT, child_status TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "claims" VALUES(90,7,30,0,'','imagine','2026-11-23 12:01:30.000000','accepted','1730621826053455','old process',NULL);
INSERT INTO "claims" VALUES(91,7,30,1,'1730621826053455','3bf1473e2a','2026-11-23 12:01:31.000000','accepted','1730621826099999','old process',NULL);
INSERT INTO "claims" VALUES(92,7,30,1,'1730621826053455','bffa3f8d20','2026-11-23 12:01:32.000000','submitting','','old process',NULL);
INSERT INTO "claims" VALUES(93,8,30,1,'1730621826053455','05f2d80fd2','2026-11-23 12:01:33.000000','refused','','old process',NULL);
INSERT INTO "claims" VALUES(94,8,30,1,'1730621826053455','a34d9658f2','2026-11-23 12:01:34.000000','unknown','','old process',NULL);
CREATE TABLE jobs (
	message_id BIGINT NOT NULL, 
	channel_id BIGINT NOT NULL, 
	guild_id BIGINT NOT NULL, 
	application_id BIGINT NOT NULL, 
	token TEXT NOT NULL, 
	token_expires_at DATETIME NOT NULL, 
	ephemeral BOOLEAN NOT NULL, 
	reachable BOOLEAN NOT NULL, 
	requester_id BIGINT NOT NULL, 
	requester_name TEXT NOT NULL, 
	requester_avatar_url TEXT NOT NULL, 
	task_id TEXT NOT NULL, 
	born_at DATETIME NOT NULL, 
	pressed TEXT NOT NULL, 
	done TEXT NOT NULL, 
	parent_id TEXT NOT NULL, 
	parent_link TEXT NOT NULL, 
	claim_id BIGINT NOT NULL, 
	notify BOOLEAN NOT NULL, 
	form_sent BOOLEAN NOT NULL, 
	closed_at DATETIME, owner TEXT, 
	PRIMARY KEY (message_id)
);
INSERT INTO "jobs" VALUES(1,20,30,40,'token-1','2026-11-23 12:15:00.000000',0,1,7,'lien','https://cdn.example/lien.png','1730621826053455','2026-11-23 12:00:01.000000','imagine','','','',90,1,0,'2026-11-23 12:00:00.000000','old process');
INSERT INTO "jobs" VALUES(2,20,30,40,'token-2','2026-11-23 12:15:00.000000',0,1,7,'lien','https://cdn.example/lien.png','1730621826099999','2026-11-23 12:00:02.000000','U2','Picture 2','1730621826053455','https://discord.com/channels/30/20/1',91,0,0,NULL,'old process');
INSERT INTO "jobs" VALUES(3,20,30,40,'token-3','2026-11-23 12:15:00.000000',0,1,7,'lien','https://cdn.example/lien.png','','2026-11-23 12:00:03.000000','V3','Varied','1730621826053455','',92,0,0,NULL,'old process');
INSERT INTO "jobs" VALUES(4,20,0,40,'token-4','2026-11-23 12:15:00.000000',1,0,7,'lien','https://cdn.example/lien.png','1730621826053455','2026-11-23 12:00:04.000000','','','','',0,0,1,'2026-11-23 12:00:00.000000','old process');
CREATE TABLE people (
	person_id BIGINT NOT NULL, 
	remix BOOLEAN NOT NULL, 
	defaults TEXT NOT NULL, 
	speed TEXT, 
	notify TEXT NOT NULL, 
	PRIMARY KEY (person_id)
);
INSERT INTO "people" VALUES(7,1,'--ar 3:2','relax','always');
CREATE TABLE processes (
	id TEXT NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "processes" VALUES('old process','2026-11-23 12:00:15.000000');
CREATE TABLE refusals (
	ability TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	refused_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (ability)
);
INSERT INTO "refusals" VALUES('pan','no such action','2026-11-23 12:00:00.000000','2026-11-24 12:00:00.000000');
CREATE TABLE snapshots (
	task_id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	final BOOLEAN NOT NULL, 
	progress INTEGER, 
	body TEXT NOT NULL, 
	kept_at DATETIME NOT NULL, 
	PRIMARY KEY (task_id)
);
INSERT INTO "snapshots" VALUES('1730621826053455','SUCCESS',1,100,'{"id":"1730621826053455","action":"IMAGINE","prompt":"a lighthouse at dawn --ar 3:2","promptEn":"","description":"","state":"mjbot:90","submitTime":0,"startTime":0,"finishTime":0,"imageUrl":"https://cdn.example/grid.png","imageUrls":[],"videoUrl":"","videoUrls":[],"status":"SUCCESS","failReason":"","seed":"","parentId":"","imageWidth":0,"imageHeight":0,"buttons":[{"customId":"MJ::JOB::upsample::1::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U1","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::2::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U2","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::3::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U3","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::4::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U4","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::1::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V1","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::2::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V2","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::3::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V3","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::4::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V4","type":2,"style":2,"url":""}],"properties":{"finalPrompt":"","finalZhPrompt":"","promptEn":"","bannedWord":"","imageUrl":"","numberOfQueues":0}}','2026-11-23 12:00:00.000000');
INSERT INTO "snapshots" VALUES('1730621826099999','IN_PROGRESS',0,46,'{"id":"1730621826099999","action":"UPSCALE","prompt":"a lighthouse at dawn --ar 3:2","promptEn":"","description":"","state":"","submitTime":0,"startTime":0,"finishTime":0,"imageUrl":"","imageUrls":[],"videoUrl":"","videoUrls":[],"status":"IN_PROGRESS","failReason":"","seed":"","parentId":"","imageWidth":0,"imageHeight":0,"buttons":[],"properties":{"finalPrompt":"","finalZhPrompt":"","promptEn":"","bannedWord":"","imageUrl":"","numberOfQueues":0}}','2026-11-23 12:00:00.000000');
CREATE INDEX jobs_open ON jobs (born_at, message_id) WHERE closed_at IS NULL;
CREATE INDEX jobs_by_task ON jobs (task_id, born_at);
CREATE INDEX jobs_by_requester ON jobs (requester_id, born_at);
CREATE INDEX jobs_by_claim ON jobs (claim_id);
CREATE INDEX claims_by_day ON claims (made_at);
CREATE INDEX claims_by_person ON claims (person_id, made_at);
CREATE INDEX claims_by_task ON claims (task_id, state);
CREATE INDEX claims_by_state ON claims (state, made_at);
CREATE INDEX jobs_by_owner ON jobs (owner) WHERE closed_at IS NULL;
CREATE INDEX jobs_closed ON jobs (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX snapshots_by_age ON snapshots (kept_at);
CREATE INDEX claims_by_child ON claims (child_id);
COMMIT;
