-- A PostgreSQL database that commit 7e4ce19 created, with the rows of database_7e4ce19.sql, from pg_dump --inserts.
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.claims (
    id bigint NOT NULL,
    person_id bigint NOT NULL,
    guild_id bigint NOT NULL,
    message_id bigint NOT NULL,
    task_id text NOT NULL,
    button text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    child_id text NOT NULL,
    owner text,
    child_status text
);
CREATE TABLE public.jobs (
    message_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    guild_id bigint NOT NULL,
    application_id bigint NOT NULL,
    token text NOT NULL,
    token_expires_at timestamp with time zone NOT NULL,
    ephemeral boolean NOT NULL,
    reachable boolean NOT NULL,
    requester_id bigint NOT NULL,
    requester_name text NOT NULL,
    requester_avatar_url text NOT NULL,
    task_id text NOT NULL,
    born_at timestamp with time zone NOT NULL,
    pressed text NOT NULL,
    done text NOT NULL,
    parent_id text NOT NULL,
    parent_link text NOT NULL,
    claim_id bigint NOT NULL,
    notify boolean NOT NULL,
    form_sent boolean NOT NULL,
    closed_at timestamp with time zone,
    owner text
);
CREATE TABLE public.people (
    person_id bigint NOT NULL,
    remix boolean NOT NULL,
    defaults text NOT NULL,
    speed text,
    notify text NOT NULL
);
CREATE TABLE public.processes (
    id text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.refusals (
    ability text NOT NULL,
    reason text NOT NULL,
    refused_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.snapshots (
    task_id text NOT NULL,
    status text NOT NULL,
    final boolean NOT NULL,
    progress integer,
    body text NOT NULL,
    kept_at timestamp with time zone NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.claims VALUES (90, 7, 30, 0, '', 'imagine', '2026-11-23 12:01:30+00', 'accepted', '1730621826053455', 'old process', NULL);
INSERT INTO public.claims VALUES (91, 7, 30, 1, '1730621826053455', '3bf1473e2a', '2026-11-23 12:01:31+00', 'accepted', '1730621826099999', 'old process', NULL);
INSERT INTO public.claims VALUES (92, 7, 30, 1, '1730621826053455', 'bffa3f8d20', '2026-11-23 12:01:32+00', 'submitting', '', 'old process', NULL);
INSERT INTO public.claims VALUES (93, 8, 30, 1, '1730621826053455', '05f2d80fd2', '2026-11-23 12:01:33+00', 'refused', '', 'old process', NULL);
INSERT INTO public.claims VALUES (94, 8, 30, 1, '1730621826053455', 'a34d9658f2', '2026-11-23 12:01:34+00', 'unknown', '', 'old process', NULL);
INSERT INTO public.jobs VALUES (1, 20, 30, 40, 'token-1', '2026-11-23 12:15:00+00', false, true, 7, 'lien', 'https://cdn.example/lien.png', '1730621826053455', '2026-11-23 12:00:01+00', 'imagine', '', '', '', 90, true, false, '2026-11-23 12:00:00+00', 'old process');
INSERT INTO public.jobs VALUES (2, 20, 30, 40, 'token-2', '2026-11-23 12:15:00+00', false, true, 7, 'lien', 'https://cdn.example/lien.png', '1730621826099999', '2026-11-23 12:00:02+00', 'U2', 'Picture 2', '1730621826053455', 'https://discord.com/channels/30/20/1', 91, false, false, NULL, 'old process');
INSERT INTO public.jobs VALUES (3, 20, 30, 40, 'token-3', '2026-11-23 12:15:00+00', false, true, 7, 'lien', 'https://cdn.example/lien.png', '', '2026-11-23 12:00:03+00', 'V3', 'Varied', '1730621826053455', '', 92, false, false, NULL, 'old process');
INSERT INTO public.jobs VALUES (4, 20, 0, 40, 'token-4', '2026-11-23 12:15:00+00', true, false, 7, 'lien', 'https://cdn.example/lien.png', '1730621826053455', '2026-11-23 12:00:04+00', '', '', '', '', 0, false, true, '2026-11-23 12:00:00+00', 'old process');
INSERT INTO public.people VALUES (7, true, '--ar 3:2', 'relax', 'always');
INSERT INTO public.processes VALUES ('old process', '2026-11-23 12:00:15+00');
INSERT INTO public.refusals VALUES ('pan', 'no such action', '2026-11-23 12:00:00+00', '2026-11-24 12:00:00+00');
INSERT INTO public.snapshots VALUES ('1730621826053455', 'SUCCESS', true, 100, '{"id":"1730621826053455","action":"IMAGINE","prompt":"a lighthouse at dawn --ar 3:2","promptEn":"","description":"","state":"mjbot:90","submitTime":0,"startTime":0,"finishTime":0,"imageUrl":"https://cdn.example/grid.png","imageUrls":[],"videoUrl":"","videoUrls":[],"status":"SUCCESS","failReason":"","seed":"","parentId":"","imageWidth":0,"imageHeight":0,"buttons":[{"customId":"MJ::JOB::upsample::1::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U1","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::2::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U2","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::3::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U3","type":2,"style":2,"url":""},{"customId":"MJ::JOB::upsample::4::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"U4","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::1::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V1","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::2::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V2","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::3::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V3","type":2,"style":2,"url":""},{"customId":"MJ::JOB::variation::4::6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11","emoji":"","label":"V4","type":2,"style":2,"url":""}],"properties":{"finalPrompt":"","finalZhPrompt":"","promptEn":"","bannedWord":"","imageUrl":"","numberOfQueues":0}}', '2026-11-23 12:00:00+00');
INSERT INTO public.snapshots VALUES ('1730621826099999', 'IN_PROGRESS', false, 46, '{"id":"1730621826099999","action":"UPSCALE","prompt":"a lighthouse at dawn --ar 3:2","promptEn":"","description":"","state":"","submitTime":0,"startTime":0,"finishTime":0,"imageUrl":"","imageUrls":[],"videoUrl":"","videoUrls":[],"status":"IN_PROGRESS","failReason":"","seed":"","parentId":"","imageWidth":0,"imageHeight":0,"buttons":[],"properties":{"finalPrompt":"","finalZhPrompt":"","promptEn":"","bannedWord":"","imageUrl":"","numberOfQueues":0}}', '2026-11-23 12:00:00+00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (person_id);
ALTER TABLE ONLY public.processes
    ADD CONSTRAINT processes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (ability);
ALTER TABLE ONLY public.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (task_id);
CREATE INDEX claims_by_child ON public.claims USING btree (child_id);
CREATE INDEX claims_by_day ON public.claims USING btree (made_at);
CREATE INDEX claims_by_person ON public.claims USING btree (person_id, made_at);
CREATE INDEX claims_by_state ON public.claims USING btree (state, made_at);
CREATE INDEX claims_by_task ON public.claims USING btree (task_id, state);
CREATE INDEX jobs_by_claim ON public.jobs USING btree (claim_id);
CREATE INDEX jobs_by_owner ON public.jobs USING btree (owner) WHERE (closed_at IS NULL);
CREATE INDEX jobs_by_requester ON public.jobs USING btree (requester_id, born_at);
CREATE INDEX jobs_by_task ON public.jobs USING btree (task_id, born_at);
CREATE INDEX jobs_closed ON public.jobs USING btree (closed_at) WHERE (closed_at IS NOT NULL);
CREATE INDEX jobs_open ON public.jobs USING btree (born_at, message_id) WHERE (closed_at IS NULL);
CREATE INDEX snapshots_by_age ON public.snapshots USING btree (kept_at);
