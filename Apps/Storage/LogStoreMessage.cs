using System.Collections.Immutable;
using System.Text;
using Troupe.Actors;

namespace Troupe.Apps.Storage;

/// <summary>What a <see cref="LogStoreMessage"/> asks for.</summary>
public enum LogStoreMessageKind : byte
{
    /// <summary>Nothing; the default value is ignored.</summary>
    None,

    /// <summary>Give a key a value.</summary>
    Put,

    /// <summary>Take a key's value away.</summary>
    Delete,

    /// <summary>Answer with a key's value.</summary>
    Get,

    /// <summary>Answer with the keys.</summary>
    GetKeys,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,
}

/// <summary>To a <see cref="LogStore"/>. An answer that fails carries a <see cref="StoreException"/>.</summary>
public readonly struct LogStoreMessage
{
    private LogStoreMessage(LogStoreMessageKind kind, string key = "", ImmutableArray<byte> value = default, Reply<bool> changed = default)
    {
        Kind = kind;
        Key = key;
        Value = value;
        Changed = changed;
    }

    /// <summary>What is asked for.</summary>
    public LogStoreMessageKind Kind { get; private init; }

    /// <summary>Whose value it is about.</summary>
    public string Key { get; }

    /// <summary>The value of <see cref="LogStoreMessageKind.Put"/>.</summary>
    public ImmutableArray<byte> Value { get; }

    /// <summary>Where the answer of a change goes: whether there was a value before.</summary>
    public Reply<bool> Changed { get; }

    /// <summary>Where a value goes; the default if there is none.</summary>
    public Reply<ImmutableArray<byte>> Found { get; private init; }

    /// <summary>Where the keys go.</summary>
    public Reply<ImmutableArray<string>> Keys { get; private init; }

    /// <summary>Where statistics go.</summary>
    public Reply<LogStoreStatistics> Statistics { get; private init; }

    /// <summary>
    /// Gives <paramref name="key"/> (1 to <see cref="LogStore.MaximumKeyLength"/> bytes of UTF-8) a value of up to <see cref="LogStore.MaximumValueLength"/> bytes. The answer,
    /// whether there was one before, comes when the new one is durable. Without an answer it may be there or not.
    /// </summary>
    public static LogStoreMessage Put(string key, ImmutableArray<byte> value, Reply<bool> reply)
    {
        RequireKey(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, LogStore.MaximumValueLength, nameof(value));
        return new(LogStoreMessageKind.Put, key, value, reply);
    }

    /// <summary>Takes the value of <paramref name="key"/> away. The answer, whether there was one, comes when that is durable.</summary>
    public static LogStoreMessage Delete(string key, Reply<bool> reply)
    {
        RequireKey(key);
        return new(LogStoreMessageKind.Delete, key, default, reply);
    }

    /// <summary>Asks for the durable value of <paramref name="key"/>; the default (<see cref="ImmutableArray{T}.IsDefault"/>) if it has none. A change that is not answered yet does not show.</summary>
    public static LogStoreMessage Get(string key, Reply<ImmutableArray<byte>> reply)
    {
        RequireKey(key);
        return new(LogStoreMessageKind.Get, key) { Found = reply };
    }

    /// <summary>Asks for all keys, in ordinal order.</summary>
    public static LogStoreMessage GetKeys(Reply<ImmutableArray<string>> reply) => new(LogStoreMessageKind.GetKeys) { Keys = reply };

    /// <summary>Asks for statistics.</summary>
    public static LogStoreMessage GetStatistics(Reply<LogStoreStatistics> reply) => new(LogStoreMessageKind.GetStatistics) { Statistics = reply };

    /// <summary>Answers whoever asked with a failure.</summary>
    internal void Fail(StoreException failure)
    {
        Changed.TryFail(failure);
        Found.TryFail(failure);
        Keys.TryFail(failure);
        Statistics.TryFail(failure);
    }

    private static void RequireKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (Encoding.UTF8.GetByteCount(key) is var length && length > LogStore.MaximumKeyLength)
        {
            throw new ArgumentException($"The key has {length} bytes of UTF-8; {LogStore.MaximumKeyLength} are the most.", nameof(key));
        }
    }
}
