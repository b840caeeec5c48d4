using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Files;

/// <summary>
/// A block device as blocks of a file system that are read and durably written. Belongs to one file system and outlives the incarnations of its actor: a new one waits here until
/// the device is done with what an earlier one submitted, because a late write could otherwise land on a newer one. One request is at the device at a time.
/// </summary>
public sealed class FileSystemDisk
{
    /// <summary>What a disk reads and writes at least: the superblock lies in the first so many bytes.</summary>
    internal const int FirstBytes = 4096;

    /// <summary>With the delays between them, longer than a driver leaves a lying device in reset.</summary>
    private const int MaximumAttempts = 12;

    private const int OperationsPerBatch = 8;

    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _longestDelay = TimeSpan.FromMilliseconds(500);

    private readonly ActorRef<BlockDeviceMessage> _device;
    private BlockDeviceInformation? _information;
    private Task<BlockBatch>? _submitted;
    private TimeProvider _time = TimeProvider.System;
    private int _blockSize = FirstBytes;

    // Which opening counts: what an earlier one has still to do after its submission is over comes to nothing.
    private int _opening;

    /// <summary>The whole of a device.</summary>
    public FileSystemDisk(ActorRef<BlockDeviceMessage> device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <summary>Bytes of the device.</summary>
    internal long Length => _information!.SectorCount * BlockDeviceInformation.SectorSize;

    internal bool IsReadOnly => _information!.IsReadOnly;

    /// <summary>Where the device is, for messages.</summary>
    internal string Name => _information?.Name ?? _device.Name ?? "the disk";

    /// <summary>The most bytes that one read should have.</summary>
    internal int TransferLength => _information!.MaximumTransfer / FirstBytes * FirstBytes;

    private int SectorsPerBlock => _blockSize / BlockDeviceInformation.SectorSize;

    /// <summary>Waits for what an earlier incarnation submitted, and asks what the device is like.</summary>
    internal async Task OpenAsync(TimeProvider time)
    {
        _opening++;
        _time = time;
        _blockSize = FirstBytes;
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
            throw new FileSystemException(FileSystemError.DiskFailed, $"{Name} does not say what it is: {exception.Message}", exception);
        }

        if (_information.BlockSize > FirstBytes || _information.MaximumTransfer < FirstBytes || Length < FirstBytes)
        {
            throw new FileSystemException(
                FileSystemError.Unsupported,
                $"{Name} cannot hold a file system: it must have and transfer {FirstBytes} bytes ({Length}, at most {_information.MaximumTransfer} at a time) in blocks of no more (of {_information.BlockSize}).");
        }
    }

    /// <summary>From now on blocks have this size.</summary>
    internal void SetBlockSize(int blockSize)
    {
        if (_information!.BlockSize > blockSize)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{Name} has blocks of {_information.BlockSize} bytes, and its file system of {blockSize}: make it with mke2fs -b {_information.BlockSize}.");
        }

        _blockSize = blockSize;
    }

    /// <summary>The actor ends: nothing more is submitted for it.</summary>
    internal void Close() => _opening++;

    /// <summary>Reads whole blocks.</summary>
    internal async Task ReadAsync(long block, Memory<byte> into)
    {
        var attempts = new Attempts(this, _opening);
        while (into.Length > 0)
        {
            var status = BlockStatus.Busy;
            if (TryFillRead(block, into.Length, out var batch))
            {
                var answer = await SubmitAsync(batch);
                attempts.RequireOpen();
                _submitted = null;
                status = answer.Status;
                if (status == BlockStatus.Done)
                {
                    var length = CopyOut(answer, into.Span);
                    block += length / _blockSize;
                    into = into[length..];
                }

                answer.Dispose();
            }

            await attempts.ContinueAsync(status, $"reading block {block}");
        }
    }

    /// <summary>
    /// Writes blocks, each once, in any order; all are durable when it is done. A device that was started anew on the way may have forgotten those before: then all are written again.
    /// </summary>
    internal async Task WriteDurablyAsync(List<BlockWrite> writes)
    {
        writes.Sort(static (left, right) => left.Block.CompareTo(right.Block));
        var attempts = new Attempts(this, _opening);
        var next = 0;
        int? incarnation = null;
        for (var isFlushed = false; !isFlushed;)
        {
            var status = BlockStatus.Busy;
            if (TryFillWrite(writes, next, out var batch, out var after))
            {
                var answer = await SubmitAsync(batch);
                attempts.RequireOpen();
                _submitted = null;
                status = answer.Status;
                if (status == BlockStatus.Done && answer.Incarnation != (incarnation ??= answer.Incarnation))
                {
                    (next, incarnation, status) = (0, null, BlockStatus.DeviceReset);
                }
                else if (status == BlockStatus.Done)
                {
                    next = after;
                    isFlushed = answer.FlushAtEnd;
                }

                answer.Dispose();
            }

            await attempts.ContinueAsync(status, "writing");
        }
    }

    private bool TryFillRead(long block, int bytes, out BlockBatch batch)
    {
        batch = new BlockBatch(OperationsPerBatch);
        for (var done = 0; done < bytes && !batch.IsFull;)
        {
            if (!_information!.Buffers.TryRent(out var buffer))
            {
                return HasSome(batch);
            }

            var length = Math.Min(bytes - done, TransferLength);
            if (!batch.TryAddRead((block + (done / _blockSize)) * SectorsPerBlock, length / BlockDeviceInformation.SectorSize, buffer))
            {
                buffer.Dispose();
            }

            done += length;
        }

        return true;
    }

    /// <summary>Fills a batch with writes from <paramref name="next"/> on, neighbours as one operation; the last batch has a flush.</summary>
    private bool TryFillWrite(List<BlockWrite> writes, int next, out BlockBatch batch, out int after)
    {
        batch = new BlockBatch(OperationsPerBatch);
        after = next;
        while (after < writes.Count && !batch.IsFull)
        {
            if (!_information!.Buffers.TryRent(out var buffer))
            {
                return HasSome(batch);
            }

            var (first, length) = (after, 0);
            while (after < writes.Count && writes[after].Block == writes[first].Block + (after - first) && length + _blockSize <= TransferLength)
            {
                writes[after++].Bytes.CopyTo(buffer.Data[length..]);
                length += _blockSize;
            }

            if (!batch.TryAddWrite(writes[first].Block * SectorsPerBlock, length / BlockDeviceInformation.SectorSize, buffer))
            {
                buffer.Dispose();
            }
        }

        if (after == writes.Count)
        {
            batch.AddFlush();
        }

        return true;
    }

    /// <summary>Whether there is anything to submit; if not, the batch is over.</summary>
    private static bool HasSome([MovesWhen(false)] BlockBatch batch)
    {
        if (batch.Count > 0)
        {
            return true;
        }

        batch.Dispose();
        return false;
    }

    private static int CopyOut([Borrowed] BlockBatch batch, Span<byte> into)
    {
        var copied = 0;
        for (var index = 0; index < batch.Count; index++)
        {
            var length = batch[index].SectorCount * BlockDeviceInformation.SectorSize;
            batch.PeekBuffer(index).Data[..length].CopyTo(into[copied..]);
            copied += length;
        }

        return copied;
    }

    private Task<BlockBatch> SubmitAsync(BlockBatch batch) => _submitted = AskAsync(batch);

    private async Task<BlockBatch> AskAsync(BlockBatch batch)
    {
        try
        {
            return await _device.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            throw new FileSystemException(FileSystemError.DiskFailed, $"{Name} does not answer: {exception.Message}", exception);
        }
    }

    /// <summary>How often a request is submitted again, and how long is waited before.</summary>
    private sealed class Attempts(FileSystemDisk disk, int opening)
    {
        private int _failures;
        private TimeSpan _delay = _firstDelay;

        public void RequireOpen()
        {
            if (opening != disk._opening)
            {
                throw new FileSystemException(FileSystemError.DiskFailed, "The file system was stopped.");
            }
        }

        public async Task ContinueAsync(BlockStatus status, string what)
        {
            if (status == BlockStatus.Done)
            {
                return;
            }

            if (!status.IsRetryable() || ++_failures == MaximumAttempts)
            {
                throw new FileSystemException(FileSystemError.DiskFailed, $"{disk.Name}: {what} ended with {status} (attempt {Math.Max(1, _failures)}).");
            }

            await Task.Delay(_delay, disk._time);
            RequireOpen();
            _delay = _delay * 2 < _longestDelay ? _delay * 2 : _longestDelay;
        }
    }
}
