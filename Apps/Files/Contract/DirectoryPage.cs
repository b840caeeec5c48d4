using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>A name in a directory.</summary>
/// <param name="Name">The name. Bytes that are no UTF-8 show as U+FFFD; such a file cannot be reached by its name.</param>
/// <param name="Inode">The number of its inode.</param>
/// <param name="Kind">What it is.</param>
[Sendable]
public sealed record DirectoryEntry(string Name, long Inode, FileKind Kind);

/// <summary>Some of a directory's names, without "." and "..", in the order of the disk.</summary>
/// <param name="Entries">The names.</param>
/// <param name="Next">Where the next page begins; negative after the last one.</param>
[Sendable]
public sealed record DirectoryPage(ImmutableArray<DirectoryEntry> Entries, long Next);
