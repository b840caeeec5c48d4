namespace Troupe.Apps.Files;

/// <summary>A block in memory.</summary>
internal sealed class CachedBlock(long number, byte[] bytes)
{
    public long Number => number;

    /// <summary>As it is now.</summary>
    public byte[] Bytes { get; set; } = bytes;

    /// <summary>Whether it differs from what was last committed (metadata) or written (data).</summary>
    public bool IsChanged { get; set; }

    /// <summary>What it holds, once somebody has said.</summary>
    public BlockContent Content { get; set; }

    public bool IsMetadata => Content.IsMetadata;

    /// <summary>Whether its checksum was looked at, or was made to hold anew.</summary>
    public bool IsVerified { get; set; }

    /// <summary>As it was committed to the journal and is still to be written in place.</summary>
    public byte[]? Committed { get; set; }

    /// <summary>A bitmap as it was before the transaction.</summary>
    public byte[]? Before { get; set; }

    /// <summary>Its place among those that may be dropped.</summary>
    public LinkedListNode<CachedBlock>? Place { get; set; }

    /// <summary>What is only here must stay.</summary>
    public bool IsPinned => IsChanged || Committed is not null;
}
