using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace Troupe.Net.Kestrel;

/// <summary>
/// What a connection has to offer, by type. There are ten features, most of them looked up once in a connection's life: to walk so few is cheaper than to hash
/// their types, and takes half the memory of a dictionary.
/// </summary>
internal sealed class TcpConnectionFeatures : IFeatureCollection
{
    /// <summary>The transport's five, and what Kestrel adds.</summary>
    private const int UsualCount = 10;

    private KeyValuePair<Type, object>[] _features = new KeyValuePair<Type, object>[UsualCount];
    private int _count;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(key);
            return Find(key);
        }

        set
        {
            ArgumentNullException.ThrowIfNull(key);
            Put(key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)Find(typeof(TFeature));

    public void Set<TFeature>(TFeature? instance) => Put(typeof(TFeature), instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (int index = 0; index < _count; index++)
            yield return _features[index];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object? Find(Type type)
    {
        int index = IndexOf(type);
        return index < 0 ? null : _features[index].Value;
    }

    private void Put(Type type, object? feature)
    {
        int index = IndexOf(type);
        if (feature is null)
        {
            if (index < 0)
                return;
            _features[index] = _features[--_count];
            _features[_count] = default;
        }
        else if (index >= 0)
        {
            _features[index] = new(type, feature);
        }
        else
        {
            if (_count == _features.Length)
                Array.Resize(ref _features, 2 * _count);
            _features[_count++] = new(type, feature);
        }

        Revision++;
    }

    // By reference: of a type in the image there is one object (Type's == asks no more of two of these, but is a call).
    private int IndexOf(Type type)
    {
        KeyValuePair<Type, object>[] features = _features;
        int index = _count - 1;
        while (index >= 0 && !ReferenceEquals(features[index].Key, type))
            index--;
        return index;
    }
}
