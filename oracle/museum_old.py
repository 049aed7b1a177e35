"""Files of Kerases older than the museum's (see `museum.py`), made with the Keras that runs this script.

    python museum_old.py tf FOLDER       # tf.keras 1.15 to 2.13
    python museum_old.py keras FOLDER    # Keras 2.2.4 on TensorFlow 1.15
    python museum_old.py pack FOLDER     # fixtures/museum_old.zip of what stands in FOLDER

Each case is a file `VERSION__CASE.h5` or `.keras` and an `.npz` of its inputs `x0`, … and predictions `y0`, …, after one
step of training where there is a loss. Old Pythons run it (3.7 for TensorFlow 1.15), so it uses nothing of the other scripts.
"""

import os
import pathlib
import sys
import zipfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np

if sys.argv[1] == "keras":
    import keras

    tf, TAG = None, "k" + keras.__version__
elif sys.argv[1] == "tf":
    import tensorflow as tf

    keras, TAG = tf.keras, "tf" + tf.__version__
else:
    keras = None
if keras:
    K, L, O = keras.backend, keras.layers, keras.optimizers
    Model, Sequential = keras.models.Model, keras.models.Sequential
RANDOM = np.random.RandomState(0)

# What stands in the archive.
PACKED = {
    'k2.2.4': ['lstm', 'gru_both', 'td', 'embedding_bi', 'nested', 'nested_seq', 'functional', 'residual', 'repeat', 'many_layers', 'custom_loss', 'hard', 'lambdas'],
    'tf1.15.5': ['gru', 'nested', 'cnn_many', 'conv1d'],
    'tf2.4.4': ['ops_arith', 'ops_shape', 'ops_slice', 'ops_more', 'siamese', 'embedding_bi', 'metrics', 'preproc'],
    'tf2.10.1': ['ops_arith', 'ops_slice', 'td', 'functional', 'cnn_many'],
    'tf2.13.1': ['ops_arith', 'ops_shape', 'ops_more', 'siamese', 'nested', 'functional', 'td', 'metrics', 'cnn_many', 'lambdas'],
}


def version():
    return tuple(int(part) for part in (tf or keras).__version__.split(".")[:2])


def data(shape):
    return RANDOM.standard_normal(shape).astype("float32")


def words(count, *shape):
    return RANDOM.randint(1, count, shape).astype("float32")


def cnn_many():
    m = Sequential([L.ZeroPadding2D(1, input_shape=(8, 8, 2)), L.SeparableConv2D(4, 3), L.DepthwiseConv2D(3, padding='same'), L.Conv2DTranspose(3, 3, strides=2, padding='same'), L.UpSampling2D(), L.Cropping2D(2), L.AveragePooling2D(), L.SpatialDropout2D(0.1), L.GlobalAveragePooling2D(), L.Dense(2)])
    m.compile(loss='mae', optimizer='nadam')
    return (m, [data((3, 8, 8, 2))])


def conv1d():
    m = Sequential([L.Conv1D(4, 3, activation='relu', input_shape=(10, 2)), L.MaxPooling1D(2), L.ZeroPadding1D(1), L.UpSampling1D(2), L.Cropping1D(1), L.SeparableConv1D(3, 2), L.GlobalMaxPooling1D(), L.Dense(2)])
    m.compile(loss='mse', optimizer='adamax')
    return (m, [data((3, 10, 2))])


def lstm():
    m = Sequential([L.LSTM(5, return_sequences=True, input_shape=(6, 2)), L.Dropout(0.2), L.LSTM(4), L.Dense(1)])
    m.compile(loss='mean_squared_error', optimizer='adam')
    return (m, [data((3, 6, 2))])


def gru():
    m = Sequential([L.GRU(5, return_sequences=True, input_shape=(6, 2)), L.GRU(4, dropout=0.1, recurrent_dropout=0.1), L.Dense(1)])
    m.compile(loss='mean_squared_error', optimizer='adam')
    return (m, [data((3, 6, 2))])


def gru_both():
    m = Sequential([L.GRU(5, return_sequences=True, input_shape=(6, 2), reset_after=True), L.GRU(4, reset_after=False), L.Dense(1)])
    m.compile(loss='mean_squared_error', optimizer='adam')
    return (m, [data((3, 6, 2))])


def embedding_bi():
    m = Sequential([L.Embedding(20, 4, input_length=7, mask_zero=True), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.GRU(3), merge_mode='sum'), L.Dense(1, activation='sigmoid')])
    m.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
    return (m, [words(20, 3, 7)])


def td():
    m = Sequential([L.TimeDistributed(L.Conv2D(3, 2, activation='relu'), input_shape=(4, 5, 5, 1)), L.TimeDistributed(L.MaxPooling2D(2)), L.TimeDistributed(L.Flatten()), L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2))])
    m.compile(loss='mse', optimizer='adam')
    return (m, [data((3, 4, 5, 5, 1))])


def repeat():
    m = Sequential([L.LSTM(4, input_shape=(5, 2)), L.RepeatVector(3), L.LSTM(4, return_sequences=True), L.TimeDistributed(L.Dense(2, activation='softmax'))])
    m.compile(loss='mse', optimizer='adam')
    return (m, [data((3, 5, 2))])


def functional():
    a = L.Input(shape=(4,), name='a')
    b = L.Input(shape=(3,), name='b')
    s = L.Dense(4, activation='relu')
    h = s(s(a))
    c = L.concatenate([h, L.Dense(4)(b)])
    d = L.add([h, h])
    x = L.multiply([L.Dense(4)(c), d])
    x = L.Average()([x, h])
    x = L.Maximum()([x, h])
    x = L.Dot(axes=1)([x, h])
    y1 = L.Dense(2, name='one')(x)
    y2 = L.Dense(1, name='two', activation='sigmoid')(c)
    m = Model(inputs=[a, b], outputs=[y1, y2])
    m.compile(optimizer='adam', loss={'one': 'mse', 'two': 'binary_crossentropy'}, loss_weights={'one': 1.0, 'two': 0.5}, metrics={'two': 'accuracy'})
    return (m, [data((5, 4)), data((5, 3))])


def nested():
    base = Sequential([L.Dense(4, activation='relu', input_shape=(4,)), L.BatchNormalization()])
    i = L.Input(shape=(4,))
    inner = Model(i, L.Dense(3)(L.Dense(4)(i)))
    x = L.Input(shape=(4,))
    y = L.Input(shape=(4,))
    z = L.subtract([inner(base(x)), inner(base(y))])
    base.trainable = False
    m = Model([x, y], L.Dense(1)(z))
    m.compile(optimizer='rmsprop', loss='mse')
    return (m, [data((5, 4)), data((5, 4))])


def nested_seq():
    base = Sequential([L.Conv2D(3, 2, input_shape=(5, 5, 1)), L.GlobalAveragePooling2D()], name='base')
    m = Sequential([base, L.Dense(3, activation='relu'), L.Dense(2)])
    m.compile(optimizer='adam', loss='mse')
    return (m, [data((3, 5, 5, 1))])


def residual():
    i = L.Input(shape=(8, 8, 3))
    x = L.Conv2D(4, 3, padding='same', use_bias=False)(i)
    x = L.BatchNormalization(axis=-1, scale=False)(x)
    x = L.Activation('relu')(x)
    for k in range(2):
        r = x
        x = L.Conv2D(4, 3, padding='same')(x)
        x = L.BatchNormalization()(x)
        x = L.add([x, r])
        x = L.LeakyReLU(alpha=0.2)(x)
    x = L.GlobalMaxPooling2D()(x)
    m = Model(i, L.Dense(2, activation='softmax')(x))
    m.compile(optimizer=O.SGD(0.01), loss='sparse_categorical_crossentropy', metrics=['sparse_categorical_accuracy'])
    return (m, [data((2, 8, 8, 3))])


def custom_loss():

    def weird(t, p):
        return K.mean(K.square(t - p))

    def r2(t, p):
        return K.mean(t - p)
    m = Sequential([L.Dense(3, input_shape=(4,)), L.Dense(1)])
    m.compile(optimizer='adam', loss=weird, metrics=[r2, 'mae'])
    return (m, [data((4, 4))])


def many_layers():
    i = L.Input(shape=(4,))
    x = i
    for k in range(700):
        x = L.Activation('linear', name='a_layer_with_a_very_long_name_so_that_the_attribute_is_too_long_for_hdf5_and_is_split_%d' % k)(x)
    m = Model(i, L.Dense(2)(x))
    m.compile(optimizer='adam', loss='mse')
    return (m, [data((3, 4))])


def hard():
    m = Sequential([L.Dense(3, input_shape=(4,), activation='hard_sigmoid'), L.Dense(3, activation=K.tanh), L.Dense(1)])
    m.compile(optimizer='adam', loss='hinge')
    return (m, [data((4, 4))])


def lambdas():
    m = Sequential([L.Lambda(lambda x: x / 127.5 - 1.0, input_shape=(4, 4, 1)), L.Conv2D(2, 2), L.Flatten(), L.Dense(1)])
    m.compile('adam', 'mse')
    return (m, [data((2, 4, 4, 1))])


def ops_arith():
    i = L.Input(shape=(4,))
    x = i * 2.0 + 1.0
    x = x / 3.0 - i
    x = 1.0 - x
    x = -x
    x = x ** 2
    x = tf.nn.relu(x)
    x = tf.math.sqrt(x + 1.0)
    x = L.Dense(3)(x)
    m = Model(i, x)
    m.compile('adam', 'mse')
    return (m, [data((3, 4))])


def ops_shape():
    i = L.Input(shape=(4, 3))
    x = tf.reshape(i, [-1, 12])
    x = tf.expand_dims(x, 1)
    x = tf.squeeze(x, axis=1)
    x = tf.concat([x, x], axis=1)
    x = tf.transpose(tf.reshape(x, (-1, 6, 4)), [0, 2, 1])
    y = tf.reduce_mean(x, axis=1)
    m = Model(i, L.Dense(2)(y))
    m.compile('adam', 'mse')
    return (m, [data((3, 4, 3))])


def ops_slice():
    i = L.Input(shape=(4, 3))
    x = i[:, 0]
    y = i[:, 1:3, :]
    z = tf.reduce_sum(y, 1) + x
    w = i[..., -1]
    m = Model(i, [L.Dense(2)(z), L.Dense(1)(w)])
    m.compile('adam', 'mse')
    return (m, [data((3, 4, 3))])


def ops_more():
    i = L.Input(shape=(4,))
    j = L.Input(shape=(4,))
    x = tf.math.abs(i - j)
    y = tf.math.exp(tf.clip_by_value(i, -1.0, 1.0))
    z = tf.maximum(x, y)
    s = tf.stack([x, y, z], axis=1)
    q = K.sum(K.square(s), axis=1, keepdims=True)
    q = K.flatten(q)
    m = Model([i, j], [L.Dense(1)(x * y), tf.nn.softmax(z), tf.cast(x, 'float32')])
    m.compile('adam', 'mse')
    return (m, [data((3, 4)), data((3, 4))])


def siamese():
    i = L.Input(shape=(4,))
    j = L.Input(shape=(4,))
    d = L.Dense(3)
    a, b = (d(i), d(j))
    e = tf.sqrt(tf.reduce_sum(tf.square(a - b), axis=1, keepdims=True))
    m = Model([i, j], L.Dense(1, activation='sigmoid')(e))
    m.compile('adam', 'binary_crossentropy')
    return (m, [data((3, 4)), data((3, 4))])


def preproc():
    P = L.experimental.preprocessing if version() < (2, 6) else L
    m = Sequential([P.Rescaling(1.0 / 255, input_shape=(6, 6, 3)), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)])
    m.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
    return (m, [data((2, 6, 6, 3))])


def metrics():
    m = Sequential([L.Dense(4, activation='relu', input_shape=(4,)), L.Dense(1, activation='sigmoid')])
    m.compile(O.Adam(O.schedules.ExponentialDecay(0.01, 100, 0.9)), keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.AUC(), keras.metrics.Precision(), keras.metrics.Recall(), keras.metrics.BinaryAccuracy(), keras.metrics.TruePositives(), keras.metrics.RootMeanSquaredError()], weighted_metrics=['accuracy'])
    return (m, [data((3, 4))])


def lifted(weight):
    """A weight that is not where it starts: zeros and ones would hide a mistake."""
    return (weight + RANDOM.uniform(0.0, 0.2, weight.shape)).astype(weight.dtype) if weight.dtype.kind == "f" else weight


def write(make, folder):
    K.clear_session()
    model, inputs = make()
    model.set_weights([lifted(weight) for weight in model.get_weights()])
    x = inputs if len(inputs) > 1 else inputs[0]
    y = model.predict(x, batch_size=len(inputs[0]))
    model.train_on_batch(x, y)
    y = model.predict(x, batch_size=len(inputs[0]))
    outputs = y if isinstance(y, list) else [y]
    keras_3_form = tf is not None and version() >= (2, 12)
    path = folder / "{}__{}{}".format(TAG, make.__name__, ".keras" if keras_3_form else ".h5")
    model.save(str(path))
    arrays = {"x%d" % number: value for number, value in enumerate(inputs)}
    arrays.update(("y%d" % number, value) for number, value in enumerate(outputs))
    np.savez(str(path) + ".npz", **arrays)


def pack(folder):
    target = pathlib.Path(__file__).resolve().parent / "fixtures" / "museum_old.zip"
    with zipfile.ZipFile(str(target), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.iterdir()):
            tag, case = path.name.split(".npz")[0].rsplit(".", 1)[0].split("__")
            if case in PACKED.get(tag, []):
                info = zipfile.ZipInfo(path.name, date_time=(1980, 1, 1, 0, 0, 0))
                archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main():
    folder = pathlib.Path(sys.argv[2])
    if keras is None:
        return pack(folder)
    for case in PACKED[TAG]:
        write(globals()[case], folder)


if __name__ == "__main__":
    main()
