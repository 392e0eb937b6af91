-- The index by which leads are found (leads/text_search.py). It does without PostgreSQL's pg_trgm,
-- because not every server has it, and the role that migrates may not be allowed to install it.

-- The text in lower case, with one space between words, one before the first and one after the last.
-- Variants of a quotation mark become the same one; direction marks and zero-width characters are
-- removed.
CREATE FUNCTION leads_search_words(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ' ' || trim(regexp_replace(
        lower(translate(typed, U&'\2018\2019\05F3\201C\201D\05F4\200B\200E\200F\202A\202B\202C\202D\202E\2066\2067\2068\2069\FEFF', '''''''"""')),
        '\s+', ' ', 'g')) || ' '
$$;

-- A number for each three consecutive letters of `words`, combined with the lead's block. Each block
-- of 2^14 leads has its own entries in the index, so a search can begin with the newest leads, and
-- read no further once it has found enough.
CREATE FUNCTION leads_search_keys(words text, block bigint) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT array_agg(DISTINCT hashtext(three) + (block << 32))
    FROM (
        SELECT letter || lead(letter, 1) OVER read || lead(letter, 2) OVER read AS three
        FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS one(letter, place)
        WINDOW read AS (ORDER BY place)
    ) AS threes
    WHERE three IS NOT NULL
$$;

CREATE FUNCTION leads_search_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM leads_leadsearch;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM leads_leadsearch WHERE lead_id = OLD.id;
    ELSIF TG_OP = 'INSERT' OR
        (NEW.name, NEW.email, NEW.phone, NEW.message)
        IS DISTINCT FROM (OLD.name, OLD.email, OLD.phone, OLD.message)
    THEN
        INSERT INTO leads_leadsearch (lead_id, words)
        VALUES (NEW.id, leads_search_words(
            concat_ws(' ', NEW.name, NEW.email, substr(NEW.phone, 2), NEW.message)))
        ON CONFLICT (lead_id) DO UPDATE SET words = EXCLUDED.words;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER search_kept AFTER INSERT OR UPDATE OF name, email, phone, message OR DELETE
    ON leads_lead FOR EACH ROW EXECUTE FUNCTION leads_search_kept();

CREATE TRIGGER search_emptied AFTER TRUNCATE ON leads_lead
    FOR EACH STATEMENT EXECUTE FUNCTION leads_search_kept();
