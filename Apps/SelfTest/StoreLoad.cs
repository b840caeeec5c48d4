using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Apps.Benchmark;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Clients that change values, each its own keys, one change after the other. The console has each change when it is asked for and when it is acknowledged, and at the start what
/// was found; the host compares (Tools/Troupe/Testing/Power/StoreLedger.cs). Changes are numbered, and a value follows from its key and number.
/// </summary>
/// <param name="values">Where they are.</param>
/// <param name="firstNumber">More than any change before had.</param>
internal sealed class StoreLoad(IDurableValues values, long firstNumber)
{
    private const string Mark = "store: ";
    private const string Failed = "store FAILED: ";

    /// <summary>A line without it was cut off by the power: what it says is not what was said.</summary>
    private const string End = " .";
    private const int Clients = 3;
    private const int KeysPerClient = 4;

    /// <summary>Every fifth change is a delete. The host knows that too.</summary>
    private const int DeleteEvery = 5;

    private const int ShortestValue = sizeof(long);
    private const int LongestValue = 6000;

    private volatile bool _isOver;
    private volatile int _acknowledged;

    /// <summary>A number that moves on with the changes that were acknowledged.</summary>
    internal int Acknowledged => _acknowledged;

    /// <summary>Says which change each key has; 0 for none. False: the store is not as a store may be.</summary>
    internal async Task<bool> CheckAsync()
    {
        for (int client = 0; client < Clients; client++)
        {
            for (int key = 0; key < KeysPerClient; key++)
            {
                string name = Name(client, key);
                ImmutableArray<byte> value;
                try
                {
                    value = await values.GetAsync(name);
                }
                catch (Exception failure) when (IsRefusal(failure))
                {
                    Console.WriteLine($"{Failed}{failure.InnerException?.Message ?? failure.Message}");
                    return false;
                }

                long number = value.IsDefault ? 0 : BinaryPrimitives.ReadInt64LittleEndian(value.AsSpan());
                if (number != 0 && !value.AsSpan().SequenceEqual(Value(client, key, number).AsSpan()))
                {
                    Console.WriteLine($"{Failed}{name} has {value.Length} bytes that are not those of change {number}");
                    return false;
                }

                Console.WriteLine($"{Mark}found {name} {number}{End}");
            }
        }

        Console.WriteLine($"{Mark}checked{End}");
        return true;
    }

    /// <summary>Changes values until <see cref="Finish"/>. False: a change was refused.</summary>
    internal async Task<bool> RunAsync()
    {
        bool[] ended = await Task.WhenAll(Enumerable.Range(0, Clients).Select(StartClient));
        return ended.All(static well => well);
    }

    /// <summary>Each client ends its change, and begins no other.</summary>
    internal void Finish() => _isOver = true;

    // Each a thread of its own, as long as it wants one: calls of files block, and the pool has no more threads than the machine processors.
    private Task<bool> StartClient(int client) => Task.Factory.StartNew(() => ChangeAsync(client), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private async Task<bool> ChangeAsync(int client)
    {
        for (long number = firstNumber; !_isOver; number++)
        {
            int key = (int)(Mix(number) % KeysPerClient);
            string name = Name(client, key);
            Console.WriteLine($"{Mark}ask {name} {number}{End}");
            try
            {
                if (number % DeleteEvery == 0)
                    await values.DeleteAsync(name);
                else
                    await values.PutAsync(name, Value(client, key, number));
            }
            catch (Exception failure) when (IsRefusal(failure))
            {
                Console.WriteLine($"{Failed}{name} {number}: {failure.InnerException?.Message ?? failure.Message}");
                return false;
            }

            Console.WriteLine($"{Mark}acknowledged {name} {number}{End}");
            _acknowledged = unchecked(_acknowledged + 1);
        }

        return true;
    }

    private static bool IsRefusal(Exception failure) => failure is AskFailedException or AskTimeoutException or IOException;

    private string Name(int client, int key) => $"{values.Kind}/{client}/{key}";

    private static ImmutableArray<byte> Value(int client, int key, long number)
    {
        ulong seed = Mix((number * Clients * KeysPerClient) + (client * KeysPerClient) + key);
        byte[] value = new byte[ShortestValue + (int)(seed % (LongestValue - ShortestValue))];
        ByteSequence.Fill(value, (long)(seed >> 32) * sizeof(ulong));
        BinaryPrimitives.WriteInt64LittleEndian(value, number);
        return [.. value];
    }

    private static ulong Mix(long number) => ByteSequence.Mix((ulong)number);
}
