namespace Troupe.Apps.Files;

/// <summary>A block to be written. The bytes must not change until it is.</summary>
internal readonly record struct BlockWrite(long Block, byte[] Bytes);
