using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>What is known about a file or a directory besides its content.</summary>
[Sendable]
public sealed record FileInformation
{
    /// <summary>The inode's number.</summary>
    public required long Inode { get; init; }

    /// <summary>What it is.</summary>
    public required FileKind Kind { get; init; }

    /// <summary>Bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Type and permissions as in Linux's <c>st_mode</c>. Permissions are kept, not enforced: there are no users.</summary>
    public required int Mode { get; init; }

    /// <summary>The owner.</summary>
    public required int UserId { get; init; }

    /// <summary>The group.</summary>
    public required int GroupId { get; init; }

    /// <summary>Names that it has.</summary>
    public required int LinkCount { get; init; }

    /// <summary>Sectors of 512 bytes that it takes on the disk; fewer than the length says if it has holes.</summary>
    public required long Sectors { get; init; }

    /// <summary>When it was last read, as far as that is kept: only the tools of other systems do.</summary>
    public required DateTimeOffset Accessed { get; init; }

    /// <summary>When its content was last changed.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <summary>When anything about it was last changed.</summary>
    public required DateTimeOffset Changed { get; init; }

    /// <summary>When it was made; null if the inodes of the disk are too small to tell.</summary>
    public required DateTimeOffset? Created { get; init; }
}
