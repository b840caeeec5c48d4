using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>The times of a file that can be set.</summary>
/// <param name="Accessed">When it was last read.</param>
/// <param name="Modified">When its content was last changed.</param>
[Sendable]
public sealed record FileTimes(DateTimeOffset Accessed, DateTimeOffset Modified);
