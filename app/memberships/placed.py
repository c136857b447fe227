"""Where every holder stands, in one statement: the membership that is present by the rule of `limits.standings`."""

# To be followed by a SELECT; :now is asked for. A holder's newest membership that has begun and whose grace is not
# over is its present one, suspended or not; without one, or with a suspended one, the holder stands on the free tier.
# A test holds it against `standings`.
PLACED = """
    WITH placed AS (
        SELECT h.id AS holder_id, m.membership_id, m.tier_id, m.starts_at, m.ends_at, m.suspended_at,
               coalesce(CASE WHEN m.suspended_at IS NULL THEN m.tier_id END, f.id) AS standing_id
        FROM holders h
        CROSS JOIN policy p
        CROSS JOIN (SELECT id FROM tiers WHERE key = 'free') f
        LEFT JOIN LATERAL (
            SELECT id AS membership_id, tier_id, starts_at, ends_at, suspended_at FROM memberships
            WHERE holder_id = h.id AND starts_at <= :now AND withdrawn_at IS NULL
              AND (ends_at IS NULL OR ends_at + p.grace_days * interval '1 day' > :now)
            ORDER BY starts_at DESC, id DESC LIMIT 1
        ) m ON true
    )
"""
