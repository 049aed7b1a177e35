import os, sys, traceback
os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"; os.environ["CUDA_VISIBLE_DEVICES"]=""
import numpy as np
which = sys.argv[1] if len(sys.argv) > 1 else "tf"
if which == "keras":
    import keras
    from keras import backend as K
    import keras.layers as L
    from keras.models import Model, Sequential
    import keras.optimizers as O
    tag = "k" + keras.__version__
    tf = None
else:
    import tensorflow as tf
    keras = tf.keras
    K = keras.backend; L = keras.layers; Model = keras.models.Model; Sequential = keras.models.Sequential; O = keras.optimizers
    tag = "tf" + tf.__version__
OUT = "/tmp/files-old"
def ver(): return tuple(int(p) for p in (tf.__version__ if tf else keras.__version__).split(".")[:2])
rs = np.random.RandomState(0)
def data(shape): return rs.standard_normal(shape).astype("float32") if hasattr(rs, "standard_normal") else rs.randn(*shape)
CASES = []
def case(f): CASES.append(f); return f
def words(n, *shape): return rs.randint(1, n, shape).astype("float32")

@case
def mlp():
    m = Sequential([L.Dense(8, activation="relu", input_shape=(4,)), L.Dropout(0.2), L.BatchNormalization(), L.Dense(3, activation="softmax")])
    m.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]); return m, [data((5, 4))]
@case
def mlp_dim():
    m = Sequential(); m.add(L.Dense(8, input_dim=4, kernel_initializer="he_uniform", kernel_regularizer=keras.regularizers.l2(0.01))); m.add(L.LeakyReLU(0.1)); m.add(L.PReLU()); m.add(L.ELU()); m.add(L.ThresholdedReLU(0.1) if hasattr(L,"ThresholdedReLU") and 0 else L.Activation("selu")); m.add(L.Dense(1, activation="sigmoid"))
    m.compile(optimizer=O.RMSprop(), loss="binary_crossentropy", metrics=["acc", "mae"]); return m, [data((5, 4))]
@case
def sgd_momentum():
    m = Sequential([L.Dense(4, activation="tanh", input_shape=(4,)), L.Dense(1)])
    m.compile(optimizer=O.SGD(0.01, momentum=0.9, nesterov=True), loss="mean_squared_error"); return m, [data((5, 4))]
@case
def cnn():
    m = Sequential([L.Conv2D(4, (3, 3), activation="relu", input_shape=(8, 8, 1)), L.MaxPooling2D(pool_size=(2, 2)), L.Conv2D(5, 2, padding="same"), L.BatchNormalization(), L.Activation("relu"), L.Flatten(), L.Dropout(0.5), L.Dense(10, activation="softmax")])
    m.compile(loss=keras.losses.categorical_crossentropy, optimizer=O.Adadelta(), metrics=["accuracy"]); return m, [data((3, 8, 8, 1))]
@case
def cnn_many():
    m = Sequential([L.ZeroPadding2D(1, input_shape=(8, 8, 2)), L.SeparableConv2D(4, 3), L.DepthwiseConv2D(3, padding="same"), L.Conv2DTranspose(3, 3, strides=2, padding="same"), L.UpSampling2D(), L.Cropping2D(2), L.AveragePooling2D(), L.SpatialDropout2D(0.1), L.GlobalAveragePooling2D(), L.Dense(2)])
    m.compile(loss="mae", optimizer="nadam"); return m, [data((3, 8, 8, 2))]
@case
def conv1d():
    m = Sequential([L.Conv1D(4, 3, activation="relu", input_shape=(10, 2)), L.MaxPooling1D(2), L.ZeroPadding1D(1), L.UpSampling1D(2), L.Cropping1D(1), L.SeparableConv1D(3, 2) if hasattr(L, "SeparableConv1D") else L.Conv1D(3, 2), L.GlobalMaxPooling1D(), L.Dense(2)])
    m.compile(loss="mse", optimizer="adamax"); return m, [data((3, 10, 2))]
@case
def conv3d():
    m = Sequential([L.Conv3D(3, 2, input_shape=(4, 5, 4, 1)), L.MaxPooling3D(2), L.Flatten(), L.Dense(2)])
    m.compile(loss="mse", optimizer="adagrad"); return m, [data((3, 4, 5, 4, 1))]
@case
def lstm():
    m = Sequential([L.LSTM(5, return_sequences=True, input_shape=(6, 2)), L.Dropout(0.2), L.LSTM(4), L.Dense(1)])
    m.compile(loss="mean_squared_error", optimizer="adam"); return m, [data((3, 6, 2))]
@case
def gru():
    m = Sequential([L.GRU(5, return_sequences=True, input_shape=(6, 2)), L.GRU(4, dropout=0.1, recurrent_dropout=0.1), L.Dense(1)])
    m.compile(loss="mean_squared_error", optimizer="adam"); return m, [data((3, 6, 2))]
@case
def gru_both():
    m = Sequential([L.GRU(5, return_sequences=True, input_shape=(6, 2), reset_after=True), L.GRU(4, reset_after=False), L.Dense(1)])
    m.compile(loss="mean_squared_error", optimizer="adam"); return m, [data((3, 6, 2))]
@case
def rnn():
    m = Sequential([L.SimpleRNN(5, return_sequences=True, input_shape=(None, 2)), L.SimpleRNN(4, go_backwards=True), L.Dense(1)])
    m.compile(loss="logcosh", optimizer="adam"); return m, [data((3, 6, 2))]
@case
def embedding_bi():
    m = Sequential([L.Embedding(20, 4, input_length=7, mask_zero=True), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.GRU(3), merge_mode="sum"), L.Dense(1, activation="sigmoid")])
    m.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"]); return m, [words(20, 3, 7)]
@case
def embedding_noin():
    m = Sequential([L.Embedding(20, 4, input_length=7), L.SpatialDropout1D(0.2), L.LSTM(3, dropout=0.2, recurrent_dropout=0.2), L.Dense(2, activation="softmax")])
    m.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"]); return m, [words(20, 3, 7)]
@case
def td():
    m = Sequential([L.TimeDistributed(L.Conv2D(3, 2, activation="relu"), input_shape=(4, 5, 5, 1)), L.TimeDistributed(L.MaxPooling2D(2)), L.TimeDistributed(L.Flatten()), L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2))])
    m.compile(loss="mse", optimizer="adam"); return m, [data((3, 4, 5, 5, 1))]
@case
def repeat():
    m = Sequential([L.LSTM(4, input_shape=(5, 2)), L.RepeatVector(3), L.LSTM(4, return_sequences=True), L.TimeDistributed(L.Dense(2, activation="softmax"))])
    m.compile(loss="mse", optimizer="adam"); return m, [data((3, 5, 2))]
@case
def functional():
    a = L.Input(shape=(4,), name="a"); b = L.Input(shape=(3,), name="b")
    s = L.Dense(4, activation="relu"); h = s(s(a))
    c = L.concatenate([h, L.Dense(4)(b)]); d = L.add([h, h])
    x = L.multiply([L.Dense(4)(c), d]); x = L.Average()([x, h]); x = L.Maximum()([x, h]); x = L.Dot(axes=1)([x, h])
    y1 = L.Dense(2, name="one")(x); y2 = L.Dense(1, name="two", activation="sigmoid")(c)
    m = Model(inputs=[a, b], outputs=[y1, y2])
    m.compile(optimizer="adam", loss={"one": "mse", "two": "binary_crossentropy"}, loss_weights={"one": 1.0, "two": 0.5}, metrics={"two": "accuracy"}); return m, [data((5, 4)), data((5, 3))]
@case
def nested():
    base = Sequential([L.Dense(4, activation="relu", input_shape=(4,)), L.BatchNormalization()])
    i = L.Input(shape=(4,)); inner = Model(i, L.Dense(3)(L.Dense(4)(i)))
    x = L.Input(shape=(4,)); y = L.Input(shape=(4,))
    z = L.subtract([inner(base(x)), inner(base(y))]); base.trainable = False
    m = Model([x, y], L.Dense(1)(z)); m.compile(optimizer="rmsprop", loss="mse"); return m, [data((5, 4)), data((5, 4))]
@case
def nested_seq():
    base = Sequential([L.Conv2D(3, 2, input_shape=(5, 5, 1)), L.GlobalAveragePooling2D()], name="base")
    m = Sequential([base, L.Dense(3, activation="relu"), L.Dense(2)]); m.compile(optimizer="adam", loss="mse"); return m, [data((3, 5, 5, 1))]
@case
def autoencoder_conv():
    i = L.Input(shape=(8, 8, 1)); x = L.Conv2D(4, 3, padding="same", activation="relu")(i); x = L.MaxPooling2D(2, padding="same")(x); x = L.Conv2D(4, 3, padding="same")(x); x = L.UpSampling2D(2)(x); o = L.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    m = Model(i, o); m.compile(optimizer="adadelta", loss="binary_crossentropy"); return m, [data((2, 8, 8, 1))]
@case
def residual():
    i = L.Input(shape=(8, 8, 3)); x = L.Conv2D(4, 3, padding="same", use_bias=False)(i); x = L.BatchNormalization(axis=-1, scale=False)(x); x = L.Activation("relu")(x)
    for k in range(2):
        r = x; x = L.Conv2D(4, 3, padding="same")(x); x = L.BatchNormalization()(x); x = L.add([x, r]); x = L.LeakyReLU(alpha=0.2)(x)
    x = L.GlobalMaxPooling2D()(x); m = Model(i, L.Dense(2, activation="softmax")(x)); m.compile(optimizer=O.SGD(0.01), loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"]); return m, [data((2, 8, 8, 3))]
@case
def custom_loss():
    def weird(t, p): return K.mean(K.square(t - p))
    def r2(t, p): return K.mean(t - p)
    m = Sequential([L.Dense(3, input_shape=(4,)), L.Dense(1)]); m.compile(optimizer="adam", loss=weird, metrics=[r2, "mae"]); return m, [data((4, 4))]
@case
def many_layers():
    i = L.Input(shape=(4,)); x = i
    for k in range(700): x = L.Activation("linear", name="a_layer_with_a_very_long_name_so_that_the_attribute_is_too_long_for_hdf5_and_is_split_%d" % k)(x)
    m = Model(i, L.Dense(2)(x)); m.compile(optimizer="adam", loss="mse"); return m, [data((3, 4))]
@case
def reshapes():
    i = L.Input(shape=(12,)); x = L.Reshape((3, 4))(i); x = L.Permute((2, 1))(x); x = L.Flatten()(x); x = L.GaussianNoise(0.1)(x); x = L.GaussianDropout(0.1)(x); x = L.AlphaDropout(0.1)(x) if hasattr(L, "AlphaDropout") else x
    x = L.Dense(6, kernel_constraint=keras.constraints.max_norm(2.0), bias_initializer=keras.initializers.Constant(0.2))(x); x = L.ActivityRegularization(0.01)(x); x = L.Masking(0.0)(L.RepeatVector(2)(x)); x = L.Softmax()(x) if hasattr(L, "Softmax") else x
    m = Model(i, x); m.compile(optimizer="adam", loss="mse"); return m, [data((3, 12))]
@case
def hard():
    m = Sequential([L.Dense(3, input_shape=(4,), activation="hard_sigmoid"), L.Dense(3, activation=K.tanh), L.Dense(1)]); m.compile(optimizer="adam", loss="hinge"); return m, [data((4, 4))]
@case
def batch_shape():
    m = Sequential([L.LSTM(4, batch_input_shape=(2, 3, 2), stateful=True), L.Dense(1)]); m.compile(optimizer="adam", loss="mse"); return m, [data((2, 3, 2))]
@case
def uncompiled():
    return Sequential([L.Dense(3, input_shape=(4,)), L.Dense(1)]), [data((4, 4))]
@case
def int_input():
    i = L.Input(shape=(5,), dtype="int32"); m = Model(i, L.Dense(2)(L.Flatten()(L.Embedding(9, 3)(i)))); m.compile("adam", "mse"); return m, [words(9, 3, 5)]
@case
def states():
    i = L.Input(shape=(None, 3)); d = L.Input(shape=(None, 2)); o, h, c = L.LSTM(4, return_state=True)(i); y = L.LSTM(4, return_sequences=True)(d, initial_state=[h, c]); m = Model([i, d], L.Dense(2, activation="softmax")(y)); m.compile("rmsprop", "categorical_crossentropy"); return m, [data((2, 5, 3)), data((2, 4, 2))]
@case
def lambdas():
    m = Sequential([L.Lambda(lambda x: x / 127.5 - 1.0, input_shape=(4, 4, 1)), L.Conv2D(2, 2), L.Flatten(), L.Dense(1)]); m.compile("adam", "mse"); return m, [data((2, 4, 4, 1))]
if tf is not None and ver() >= (2, 4):
    @case
    def ops_arith():
        i = L.Input(shape=(4,)); x = i * 2.0 + 1.0; x = x / 3.0 - i; x = 1.0 - x; x = -x; x = x ** 2; x = tf.nn.relu(x); x = tf.math.sqrt(x + 1.0); x = L.Dense(3)(x); m = Model(i, x); m.compile("adam", "mse"); return m, [data((3, 4))]
    @case
    def ops_shape():
        i = L.Input(shape=(4, 3)); x = tf.reshape(i, [-1, 12]); x = tf.expand_dims(x, 1); x = tf.squeeze(x, axis=1); x = tf.concat([x, x], axis=1); x = tf.transpose(tf.reshape(x, (-1, 6, 4)), [0, 2, 1]); y = tf.reduce_mean(x, axis=1); m = Model(i, L.Dense(2)(y)); m.compile("adam", "mse"); return m, [data((3, 4, 3))]
    @case
    def ops_slice():
        i = L.Input(shape=(4, 3)); x = i[:, 0]; y = i[:, 1:3, :]; z = tf.reduce_sum(y, 1) + x; w = i[..., -1]; m = Model(i, [L.Dense(2)(z), L.Dense(1)(w)]); m.compile("adam", "mse"); return m, [data((3, 4, 3))]
    @case
    def ops_more():
        i = L.Input(shape=(4,)); j = L.Input(shape=(4,)); x = tf.math.abs(i - j); y = tf.math.exp(tf.clip_by_value(i, -1.0, 1.0)); z = tf.maximum(x, y); s = tf.stack([x, y, z], axis=1); q = K.sum(K.square(s), axis=1, keepdims=True); q = K.flatten(q); m = Model([i, j], [L.Dense(1)(x * y), tf.matmul(x, y, transpose_b=True) if 0 else tf.nn.softmax(z), tf.cast(x, "float32")]); m.compile("adam", "mse"); return m, [data((3, 4)), data((3, 4))]
    @case
    def siamese():
        i = L.Input(shape=(4,)); j = L.Input(shape=(4,)); d = L.Dense(3); a, b = d(i), d(j); e = tf.sqrt(tf.reduce_sum(tf.square(a - b), axis=1, keepdims=True)); m = Model([i, j], L.Dense(1, activation="sigmoid")(e)); m.compile("adam", "binary_crossentropy"); return m, [data((3, 4)), data((3, 4))]
    @case
    def preproc():
        P = getattr(L.experimental, "preprocessing") if ver() < (2, 6) else L
        m = Sequential([P.Rescaling(1.0 / 255, input_shape=(6, 6, 3)), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]); m.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]); return m, [data((2, 6, 6, 3))]
    @case
    def augmented():
        P = getattr(L.experimental, "preprocessing") if ver() < (2, 6) else L
        m = Sequential([Sequential([P.RandomFlip("horizontal", input_shape=(6, 6, 3)), P.RandomRotation(0.1), P.RandomZoom(0.1)]), P.Rescaling(1.0 / 255), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]); m.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]); return m, [data((2, 6, 6, 3))]
    @case
    def normalized():
        P = getattr(L.experimental, "preprocessing") if ver() < (2, 6) else L
        n = P.Normalization(); n.adapt(data((20, 4)) * 3 + 1); m = Sequential([n, L.Dense(2)]); m.build((None, 4)); m.compile("adam", "mae"); return m, [data((3, 4))]
    @case
    def mixed():
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            m = Sequential([L.Dense(4, activation="relu", input_shape=(4,)), L.Dense(2, dtype="float32")]); m.compile("adam", "mse"); return m, [data((3, 4))]
        finally: keras.mixed_precision.set_global_policy("float32")
    @case
    def metrics():
        m = Sequential([L.Dense(4, activation="relu", input_shape=(4,)), L.Dense(1, activation="sigmoid")]); m.compile(O.Adam(O.schedules.ExponentialDecay(0.01, 100, 0.9)), keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.AUC(), keras.metrics.Precision(), keras.metrics.Recall(), keras.metrics.BinaryAccuracy(), keras.metrics.TruePositives(), keras.metrics.RootMeanSquaredError()], weighted_metrics=["accuracy"]); return m, [data((3, 4))]
    @case
    def groups():
        m = Sequential([L.Conv2D(4, 3, input_shape=(6, 6, 2), dilation_rate=2), L.LayerNormalization(), L.Flatten(), L.Dense(2)]); m.compile("adam", "mse"); return m, [data((3, 6, 6, 2))]
    @case
    def layer_activation():
        m = Sequential([L.Dense(4, activation=L.LeakyReLU(0.1), input_shape=(4,)), L.Dense(4, activation=tf.nn.relu), L.Dense(3, activation=tf.keras.activations.swish), L.Dense(2, activation=tf.nn.softmax)]); m.compile("adam", "mse"); return m, [data((3, 4))]
    @case
    def dict_io():
        a = L.Input(shape=(2,), name="b_in"); b = L.Input(shape=(2,), name="a_in"); h = L.Dense(3)(L.Concatenate()([a, b])); m = Model({"b_in": a, "a_in": b}, {"y": L.Dense(1, name="y")(h), "w": L.Dense(2, name="w")(h)}); m.compile("adam", {"y": "mse", "w": "mse"}); return m, [data((3, 2)), data((3, 2))]

def main():
    only = sys.argv[2:]
    for f in CASES:
        if only and f.__name__ not in only: continue
        K.clear_session()
        np.random.seed(3)
        try:
            m, xs = f()
            if f.__name__ not in ("normalized",):
                ws = []
                for w in m.get_weights():
                    ws.append((w + rs.uniform(0.0, 0.2, w.shape)).astype(w.dtype) if w.dtype.kind == "f" else w)
                m.set_weights(ws)
            ys = None
            x = xs[0] if len(xs) == 1 else xs
            if f.__name__ == "dict_io": x = {"b_in": xs[0], "a_in": xs[1]}
            y = m.predict(x, batch_size=len(xs[0])) 
            if m.optimizer is not None if hasattr(m, "optimizer") else False:
                try:
                    m.train_on_batch(x, y)
                    y = m.predict(x, batch_size=len(xs[0]))
                except Exception as e: print("train", f.__name__, repr(e)[:100])
            if isinstance(y, dict): y = [y[k] for k in y]
            ys = y if isinstance(y, (list, tuple)) else [y]
            ends = [".h5"] + ([".keras"] if (tf is not None and ver() >= (2, 12)) else [])
            for end in ends:
                path = "%s/%s__%s%s" % (OUT, tag, f.__name__, end)
                try:
                    m.save(path) if end == ".h5" else m.save(path, save_format="keras")
                except Exception as e:
                    print("save", f.__name__, end, repr(e)[:200]); continue
                np.savez(path + ".npz", **dict([("x%d" % k, np.asarray(v)) for k, v in enumerate(xs)] + [("y%d" % k, np.asarray(v)) for k, v in enumerate(ys)]))
        except Exception as e:
            print("FAILED", f.__name__, repr(e)[:300])
            if os.environ.get("TB"): traceback.print_exc()
main()
