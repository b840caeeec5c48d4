// Rosenblum, M. and Ousterhout, J., "The Design and Implementation of a Log-Structured File System" (1992): an append-only log, and areas that are cleaned by copying what lives.
using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Apps.Storage;

/// <summary>
/// Values by key that survive a power cut: the whole content is in memory, and every change is durable on a block device before it is answered. docs/storage.md
/// has the format and why it holds. The parts: .Opening, .Committing.
/// </summary>
/// <remarks>
/// <para>
/// <b>The log.</b> The disk is two areas. One counts; behind its header lie commits, each on pages of its own, written when the one before is durable. So what was answered is
/// a prefix of the log, and a page that holds it is never written again until the area is given up. What does not fit is preceded by a compaction: all that lives is written to the other
/// area, made durable, and then its header is.
/// </para>
/// <para>
/// <b>Failures.</b> A disk that fails fails the requests of the moment. A disk that does not answer, or one that failed while the areas were changed, leaves in doubt what is on it: from
/// then on every request fails until the store is spawned again on the same <see cref="LogDisk"/>, which reads it anew.
/// </para>
/// </remarks>
public sealed partial class LogStore : Actor<LogStoreMessage>, IRefusesSwap
{
    /// <summary>The most bytes of a key, in UTF-8.</summary>
    public const int MaximumKeyLength = 256;

    /// <summary>The most bytes of a value.</summary>
    public const int MaximumValueLength = 32_000;

    /// <summary>Changes that wait for the commit after the one being written; further ones wait in the mailbox.</summary>
    private const int MaximumPending = 1024;

    private readonly LogDisk _disk;
    private readonly LogStoreOptions _options;
    private readonly SortedDictionary<string, ImmutableArray<byte>> _values = new(StringComparer.Ordinal);
    private readonly Queue<LogStoreMessage> _pending = new();
    private Task _opening = Task.CompletedTask;
    private Task _committing = Task.CompletedTask;
    private StoreException? _failure;
    private long _liveBytes;
    private long _recovered;
    private long _commits;
    private long _compactions;

    /// <summary>A store on a disk. A disk whose first pages are zero is made one; one that holds anything else is refused.</summary>
    public LogStore(LogDisk disk, LogStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        _disk = disk;
        _options = options ?? new LogStoreOptions();
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it has the whole content of its disk in memory, and a new one would begin with none. Stop it, and spawn the new one on the same disk.";

    /// <inheritdoc/>
    protected override void Started() => _opening = OpenAsync();

    /// <inheritdoc/>
    protected override void Stopped()
    {
        // A commit that is being written may become durable or not; nobody is told that it did.
        var stopped = new StoreException("The store was stopped.");
        _failure = stopped;
        _disk.Close();
        foreach (var message in _taken)
        {
            message.Fail(stopped);
        }

        FailPending(stopped);
    }

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(LogStoreMessage message)
    {
        if (!_opening.IsCompletedSuccessfully)
        {
            await _opening;
        }

        // A commit that ended by anything else than a failure of the store is a bug, and fails the actor.
        if (_committing.IsFaulted)
        {
            await _committing;
        }

        if (_failure is { } failure)
        {
            message.Fail(failure);
            return;
        }

        switch (message.Kind)
        {
            case LogStoreMessageKind.Get:
                message.Found.Set(_values.GetValueOrDefault(message.Key));
                break;
            case LogStoreMessageKind.GetKeys:
                message.Keys.Set([.. _values.Keys]);
                break;
            case LogStoreMessageKind.GetStatistics:
                message.Statistics.Set(ReadStatistics());
                break;
            case LogStoreMessageKind.Put:
            case LogStoreMessageKind.Delete:
                _pending.Enqueue(message);
                if (_committing.IsCompleted)
                {
                    // Goes on beside this handler, in turns of its own, so that what comes meanwhile is in the next commit together.
                    _committing = CommitAllAsync();
                }

                if (_pending.Count >= MaximumPending)
                {
                    await _committing;
                }

                break;
            case LogStoreMessageKind.None:
            default:
                break;
        }
    }

    private LogStoreStatistics ReadStatistics() => new()
    {
        Count = _values.Count,
        LiveBytes = _liveBytes,
        Capacity = LogPages.Capacity(_areaPages),
        RecoveredCommits = _recovered,
        Commits = _commits,
        Compactions = _compactions,
    };

    private void FailPending(StoreException failure)
    {
        while (_pending.TryDequeue(out var message))
        {
            message.Fail(failure);
        }
    }

    /// <summary>What a commit says becomes true.</summary>
    private void Apply(string key, ImmutableArray<byte> value)
    {
        if (_values.Remove(key, out var old))
        {
            _liveBytes -= Commit.RecordLength(key, old.AsSpan());
        }

        if (!value.IsDefault)
        {
            _values.Add(key, value);
            _liveBytes += Commit.RecordLength(key, value.AsSpan());
        }
    }
}
