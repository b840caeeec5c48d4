using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>Values in a log store.</summary>
internal sealed class StoredValues(ActorRef<LogStoreMessage> store) : IDurableValues
{
    public string Kind => "store";

    public async Task<ImmutableArray<byte>> GetAsync(string name) => await store.AskAsync<ImmutableArray<byte>>(reply => LogStoreMessage.Get(name, reply), BlockDeviceMessage.Patience);

    public async Task PutAsync(string name, ImmutableArray<byte> value) => await store.AskAsync<bool>(reply => LogStoreMessage.Put(name, value, reply), BlockDeviceMessage.Patience);

    public async Task DeleteAsync(string name) => await store.AskAsync<bool>(reply => LogStoreMessage.Delete(name, reply), BlockDeviceMessage.Patience);
}
