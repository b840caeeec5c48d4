// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4).
using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// Files and directories on a block device, in the format of Linux's ext4: images are made by mke2fs and checked by e2fsck. One actor owns it all and does one request after another.
/// docs/storage.md says what is supported. The parts: .Requests, .Files.
/// </summary>
/// <remarks>
/// <para>
/// <b>Durability.</b> What was changed is visible at once, and durable after a <see cref="FileSystemMessage.Flush"/>, or within <see cref="FileSystemOptions.CommitInterval"/>. A power cut leaves the file
/// system as it was after some request that is not older than the last flush, as far as names, lengths and places go; bytes that were written over others may be old or new.
/// </para>
/// <para>
/// <b>Failures.</b> A request is done or refused as a whole; a long write, cut or deletion may be done in part. When the disk fails in a commit everything is refused from then on, until the file
/// system is spawned again on the same <see cref="FileSystemDisk"/>, which replays the journal.
/// </para>
/// </remarks>
public sealed partial class Ext4FileSystem : Actor<FileSystemMessage>, IRefusesSwap
{
    private readonly FileSystemDisk _disk;
    private readonly FileSystemOptions _options;
    private readonly OpenFiles _open;
    private readonly List<Reply<bool>> _flushes = [];
    private Task<Mount>? _mounting;
    private Mount? _mount;
    private FileSystemException? _refusal;
    private TimerHandle _commitTimer;

    /// <summary>A file system on a disk. It is opened when the actor starts; if that fails, every request is refused with the reason.</summary>
    public Ext4FileSystem(FileSystemDisk disk, FileSystemOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        _disk = disk;
        _options = options ?? new FileSystemOptions();
        _open = new OpenFiles(_options.MaximumOpenFiles);
    }

    private Volume Volume => _mount!.Volume;

    private Transactions Transactions => _mount!.Transactions;

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "open files, and what was changed and not flushed, would be lost. Stop it, and spawn the new one on the same disk.";

    /// <inheritdoc/>
    protected override void Started()
    {
        _commitTimer = Context.CreateTimer(FileSystemMessage.Commit());
        _mounting = Mount.OpenAsync(_disk, _options, Context.Time);
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        _disk.Close();
        AnswerFlushes(new FileSystemException(FileSystemError.DiskFailed, "The file system was stopped."));
    }

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(FileSystemMessage message)
    {
        try
        {
            await RequireMountedAsync();
            await HandleAsync(message);
            CommitLater();
        }
        catch (FileSystemException failure)
        {
            if (message.Transfer is { } transfer)
            {
                (transfer.Error, transfer.ErrorMessage) = (failure.Error, failure.Message);
                Answer(transfer, message.Transferred);
            }

            if (message.Kind == FileSystemMessageKind.Commit)
            {
                AnswerFlushes(failure);
            }

            message.Fail(failure);
        }
    }

    private async ValueTask RequireMountedAsync()
    {
        if (_refusal is { } refusal)
        {
            throw refusal;
        }

        if (_mount is null)
        {
            try
            {
                _mount = await _mounting!;
            }
            catch (FileSystemException failure)
            {
                _refusal = failure;
                throw;
            }
        }

        Transactions.RequireSound();
    }

    private async ValueTask HandleAsync(FileSystemMessage message)
    {
        switch (message.Kind)
        {
            case FileSystemMessageKind.Open:
                message.Opened.Set(await OpenAsync(message));
                break;
            case FileSystemMessageKind.Read:
                await ReadAsync(message);
                break;
            case FileSystemMessageKind.Write:
                await WriteAsync(message);
                break;
            case FileSystemMessageKind.GetInformation:
                message.Information.Set(Describe(await Volume.Paths.ResolveAsync(message.Path, message.FollowsLink)));
                break;
            case FileSystemMessageKind.GetHandleInformation:
                message.Information.Set(Describe(await Volume.Inodes.ReadAsync(_open.Get(message.Handle).Inode)));
                break;
            case FileSystemMessageKind.List:
                message.Page.Set(await Volume.Directories.ListAsync(await ResolveDirectoryAsync(message.Path), message.Number));
                break;
            case FileSystemMessageKind.ReadLink:
                message.Text.Set(await ReadLinkAsync(message.Path));
                break;
            case FileSystemMessageKind.GetStatistics:
                message.Statistics.Set(await ReadStatisticsAsync());
                break;
            case FileSystemMessageKind.Flush:
                await FlushAsync(message.Done);
                break;
            case FileSystemMessageKind.Commit:
                await CommitAsync();
                break;
            default:
                await ChangeAsync(message);
                break;
        }
    }

    /// <summary>The answers wait for a commit that comes after what is in the mailbox already, so that flushes that wait there are one.</summary>
    private async ValueTask FlushAsync(Reply<bool> reply)
    {
        _flushes.Add(reply);
        if (_flushes.Count > 1)
        {
            return;
        }

        if (!Context.Self.TryTell(FileSystemMessage.Commit()))
        {
            try
            {
                await CommitAsync();
            }
            catch (FileSystemException failure)
            {
                AnswerFlushes(failure);
            }
        }
    }

    private async ValueTask CommitAsync()
    {
        _commitTimer.Cancel();
        await Transactions.CommitAsync();
        AnswerFlushes(failure: null);
    }

    private void AnswerFlushes(FileSystemException? failure)
    {
        foreach (var flush in _flushes)
        {
            if (failure is null)
            {
                flush.Set(true);
            }
            else
            {
                flush.TryFail(failure);
            }
        }

        _flushes.Clear();
    }

    private void CommitLater()
    {
        if (!_commitTimer.IsActive && _mount is { Transactions.HasChanges: true })
        {
            _commitTimer.Restart(_options.CommitInterval);
        }
    }
}
