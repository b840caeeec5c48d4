using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Storage;

/// <summary>
/// A block device as pages that are read and durably written. Belongs to one store and outlives the incarnations of its actor: a new one waits here until the device is done
/// with what an earlier one submitted, because a late write could otherwise land on a newer one.
/// </summary>
public sealed class LogDisk
{
    /// <summary>With the delays between them, longer than a driver leaves a lying device in reset.</summary>
    private const int MaximumAttempts = 12;

    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _longestDelay = TimeSpan.FromMilliseconds(500);

    private readonly ActorRef<BlockDeviceMessage> _device;
    private BlockDeviceInformation? _information;
    private Task<BlockBatch>? _submitted;
    private int _transferPages;

    // Which opening counts: what an earlier one has still to do after its submission is over comes to nothing.
    private int _opening;

    /// <summary>The whole of a device.</summary>
    public LogDisk(ActorRef<BlockDeviceMessage> device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <summary>Pages of the device.</summary>
    internal long PageCount => _information!.SectorCount / SectorsPerPage;

    /// <summary>Where the device is, for messages.</summary>
    internal string Name => _information?.Name ?? _device.Name ?? "the disk";

    private static int SectorsPerPage => LogPages.Size / BlockDeviceInformation.SectorSize;

    /// <summary>Waits for what an earlier incarnation submitted, and asks what the device is like.</summary>
    /// <exception cref="StoreException">A log cannot live there.</exception>
    internal async Task OpenAsync()
    {
        _opening++;
        if (_submitted is { } earlier)
        {
            (await earlier).Dispose();
            _submitted = null;
        }

        try
        {
            _information = await _device.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            throw new StoreException($"{Name} does not say what it is: {exception.Message}", exception);
        }

        _transferPages = _information.MaximumTransfer / LogPages.Size;
        if (_information.IsReadOnly || _transferPages == 0 || _information.BlockSize > LogPages.Size)
        {
            throw new StoreException(
                $"{Name} cannot hold a log: it must be writable ({!_information.IsReadOnly}) and transfer pages of {LogPages.Size} bytes (blocks of {_information.BlockSize}, at most {_information.MaximumTransfer} bytes at a time).");
        }
    }

    /// <summary>The actor ends: nothing more is submitted for it.</summary>
    internal void Close() => _opening++;

    /// <summary>Reads whole pages.</summary>
    internal Task ReadAsync(long page, Memory<byte> into, TimeProvider time) => TransferAsync(BlockOperationKind.Read, page, into, into, time);

    /// <summary>Writes whole pages; they are durable when it is done.</summary>
    internal Task WriteAsync(long page, ReadOnlyMemory<byte> from, TimeProvider time) => TransferAsync(BlockOperationKind.Write, page, from, default, time);

    /// <summary>Makes durable what was read.</summary>
    internal Task FlushAsync(TimeProvider time) => TransferAsync(BlockOperationKind.None, 0, default, default, time);

    private async Task TransferAsync(BlockOperationKind kind, long page, ReadOnlyMemory<byte> bytes, Memory<byte> into, TimeProvider time)
    {
        var opening = _opening;
        var delay = _firstDelay;
        for (var attempt = 1; ; attempt++)
        {
            var status = BlockStatus.Busy;
            if (TryFill(kind, page, bytes.Span, out var batch))
            {
                _submitted = SubmitAsync(batch);
                var answer = await _submitted;
                RequireOpen(opening);
                _submitted = null;
                status = answer.Status;
                if (status == BlockStatus.Done && kind == BlockOperationKind.Read)
                {
                    CopyOut(answer, into.Span);
                }

                answer.Dispose();
            }

            if (status == BlockStatus.Done)
            {
                return;
            }

            if (!status.IsRetryable() || attempt == MaximumAttempts)
            {
                throw new StoreException($"{Name}: {kind} of {bytes.Length} bytes at page {page} ended with {status} (attempt {attempt}).");
            }

            await Task.Delay(delay, time);
            RequireOpen(opening);
            delay = delay * 2 < _longestDelay ? delay * 2 : _longestDelay;
        }
    }

    private bool TryFill(BlockOperationKind kind, long page, ReadOnlySpan<byte> bytes, out BlockBatch batch)
    {
        batch = new BlockBatch(Math.Max(1, LogPages.Count(bytes.Length)));
        for (var done = 0; done < bytes.Length;)
        {
            if (!_information!.Buffers.TryRent(out var buffer))
            {
                batch.Dispose();
                return false;
            }

            var length = Math.Min(bytes.Length - done, _transferPages * LogPages.Size);
            var sector = (page * SectorsPerPage) + (done / BlockDeviceInformation.SectorSize);
            var sectors = length / BlockDeviceInformation.SectorSize;
            bool added;
            if (kind == BlockOperationKind.Read)
            {
                added = batch.TryAddRead(sector, sectors, buffer);
            }
            else
            {
                bytes.Slice(done, length).CopyTo(buffer.Data);
                added = batch.TryAddWrite(sector, sectors, buffer);
            }

            if (!added)
            {
                buffer.Dispose();
                batch.Dispose();
                throw new InvalidOperationException("A batch has a place for every page.");
            }

            done += length;
        }

        if (kind != BlockOperationKind.Read)
        {
            batch.AddFlush();
        }

        return true;
    }

    private static void CopyOut([Borrowed] BlockBatch batch, Span<byte> into)
    {
        for (var index = 0; index < batch.Count; index++)
        {
            var length = batch[index].SectorCount * BlockDeviceInformation.SectorSize;
            batch.PeekBuffer(index).Data[..length].CopyTo(into);
            into = into[length..];
        }
    }

    private async Task<BlockBatch> SubmitAsync(BlockBatch batch)
    {
        try
        {
            return await _device.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            throw new LostDiskException($"{Name} does not answer: {exception.Message}", exception);
        }
    }

    private void RequireOpen(int opening)
    {
        if (opening != _opening)
        {
            throw new StoreException("The store was stopped.");
        }
    }
}

/// <summary>Nobody knows what becomes of a request: whoever goes on writing may be overtaken by it.</summary>
internal sealed class LostDiskException(string message, Exception cause) : StoreException(message, cause);
