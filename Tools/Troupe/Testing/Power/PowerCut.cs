namespace Troupe.Tools.Testing.Power;

/// <summary>When a disk's power goes, in requests and not in seconds, so that a seed cuts at the same place again however busy the host is.</summary>
/// <param name="Request">The request at which it goes, the first being 1; 0: never.</param>
/// <param name="IsDone">Whether that request is still done; it is never answered.</param>
public readonly record struct PowerCut(int Request, bool IsDone)
{
    /// <summary>It stays.</summary>
    public static readonly PowerCut Never;
}
