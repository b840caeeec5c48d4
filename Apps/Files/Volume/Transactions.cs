namespace Troupe.Apps.Files;

/// <summary>
/// Steps and commits. A commit makes durable, in this order and each before the next is begun: the bytes of files and what the transaction before has in the journal, all in place; the new
/// transaction in the journal; the block that says that it is whole. From then on it counts. A disk that fails in between leaves in doubt what is on it: from then on everything is refused.
/// </summary>
internal sealed class Transactions(FileSystemDisk disk, BlockCache cache, int capacity, JournalWriter? journal)
{
    /// <summary>More than any step changes.</summary>
    private const int StepBlocks = 128;

    /// <summary>The smallest journal that is written: two transactions of a few steps.</summary>
    public const int SmallestCapacity = 3 * StepBlocks;

    private FileSystemException? _failure;

    public long Commits { get; private set; }

    public bool IsReadOnly => journal is null;

    public bool HasChanges => cache.ChangedMetadata + cache.ChangedData > 0;

    /// <summary>Refuses everything once the disk has failed.</summary>
    public void RequireSound()
    {
        if (_failure is { } failure)
        {
            throw new FileSystemException(FileSystemError.DiskFailed, $"The file system was stopped: {failure.Message}", failure);
        }
    }

    /// <summary>Does a step: all of it or nothing. It may be run twice, so it must look everything up itself.</summary>
    public async ValueTask RunAsync(Func<ValueTask> step)
    {
        RequireSound();
        if (journal is null)
        {
            throw new FileSystemException(FileSystemError.ReadOnly, $"{disk.Name} is opened for reading only.");
        }

        try
        {
            await RunOnceAsync(step);
        }
        catch (FileSystemException failure) when (failure.Error == FileSystemError.NoSpace && HasChanges)
        {
            // What was freed can be used after a commit.
            await CommitAsync();
            await RunOnceAsync(step);
        }

        if (cache.ChangedMetadata + StepBlocks > Math.Min(journal.Capacity, capacity / 4) || cache.ChangedData > capacity / 4)
        {
            await CommitAsync();
        }
    }

    /// <summary>Makes durable what was changed.</summary>
    public async ValueTask CommitAsync()
    {
        RequireSound();
        if (journal is null || !HasChanges)
        {
            return;
        }

        try
        {
            await WriteInPlaceAsync();
            cache.Seal();
            var metadata = cache.MetadataWrites();
            if (metadata.Count > 0)
            {
                await journal.WriteAsync(metadata);
                cache.EndMetadataWrites();
                Commits++;
            }
        }
        catch (FileSystemException failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Makes everything durable in place, and leaves the journal empty.</summary>
    public async ValueTask CloseAsync()
    {
        await CommitAsync();
        if (journal is not null)
        {
            await WriteInPlaceAsync();
            await journal.ClearAsync();
        }
    }

    private async ValueTask WriteInPlaceAsync()
    {
        var writes = cache.InPlaceWrites();
        if (writes.Count > 0)
        {
            await disk.WriteDurablyAsync(writes);
        }

        cache.EndInPlaceWrites();
    }

    private async ValueTask RunOnceAsync(Func<ValueTask> step)
    {
        cache.BeginStep();
        try
        {
            await step();
        }
        catch
        {
            cache.UndoStep();
            throw;
        }

        cache.EndStep();
    }
}
