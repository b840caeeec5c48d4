namespace Troupe.Actors;

/// <summary>
/// The way back for one answer, carried in the message of an ask. The first answer counts; later ones, and those after the
/// deadline, are ignored (and counted by the system). The default value ignores every answer.
/// </summary>
[SendableByContract("The first answer counts, from whatever thread it comes.")]
public readonly struct Reply<[Sendable] TReply> : IEquatable<Reply<TReply>>
{
    private readonly PendingReply<TReply>? _pending;
    private readonly long _version;

    internal Reply(PendingReply<TReply> pending, long version)
    {
        _pending = pending;
        _version = version;
    }

    /// <summary>Whether an answer would still be heard.</summary>
    public bool IsAwaited => _pending is not null && _pending.IsAwaited(_version);

    /// <summary>Answers. False: nobody waits any more.</summary>
    public bool TrySet([MovesWhen(true)] TReply answer) => _pending is not null && _pending.TryAnswer(_version, answer);

    /// <summary>Answers; ignored if nobody waits any more.</summary>
    public void Set(TReply answer) => TrySet(answer);

    /// <summary>Answers with a failure: the asker gets an <see cref="AskFailedException"/> around it.</summary>
    public bool TryFail(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return _pending is not null && _pending.TryFail(_version, failure);
    }

    /// <inheritdoc/>
    public bool Equals(Reply<TReply> other) => ReferenceEquals(_pending, other._pending) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Reply<TReply> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_pending, _version);

    /// <summary>Whether both lead to the same ask.</summary>
    public static bool operator ==(Reply<TReply> left, Reply<TReply> right) => left.Equals(right);

    /// <summary>Whether they lead to different asks.</summary>
    public static bool operator !=(Reply<TReply> left, Reply<TReply> right) => !left.Equals(right);
}
