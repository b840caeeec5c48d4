namespace Troupe.Apps.Files;

/// <content>
/// Checksums of metadata. One that was read is looked at once, before anybody believes the block. Those of changed blocks are made for the commit, all at once: until then they are outdated, which
/// nobody sees, since a changed block stays in memory.
/// </content>
internal sealed partial class BlockCache
{
    /// <summary>Gives every changed block its checksum; between steps only.</summary>
    public void Seal()
    {
        if (checksums is null)
        {
            return;
        }

        // Bitmaps first: theirs are in descriptors, which have their own.
        var changed = _blocks.Values.Where(static block => block.IsChanged && block.IsMetadata).OrderByDescending(static block => block.Content.IsBitmap).ToList();
        foreach (var block in changed)
        {
            if (block.Content.IsBitmap)
            {
                SealBitmap(block, checksums.Bitmap(block.Bytes, block.Content));
            }
            else
            {
                checksums.Seal(block.Bytes, block.Number, block.Content);
            }
        }
    }

    private void SealBitmap(CachedBlock bitmap, uint checksum)
    {
        var (block, offset) = superblock.LocateDescriptor(bitmap.Content.Owner);
        var descriptor = _blocks.GetValueOrDefault(block) is { IsChanged: true } found
            ? found.Bytes.AsSpan(offset, superblock.DescriptorSize)
            : throw new InvalidOperationException($"The bitmap in block {bitmap.Number} changed, and its group's descriptor did not.");
        GroupDescriptor.SetChecksum(descriptor, bitmap.Content.Kind, checksum);
    }

    private CachedBlock Verified(CachedBlock block, BlockContent content)
    {
        if (!block.IsVerified && content.IsMetadata)
        {
            if (checksums is not null && !checksums.IsValid(block.Bytes, block.Number, content))
            {
                throw new FileSystemException(FileSystemError.Corrupt, $"{disk.Name} has a wrong checksum at block {block.Number} ({content.Kind} {content.Owner}): check it with e2fsck.");
            }

            block.IsVerified = true;
        }

        return block;
    }
}
